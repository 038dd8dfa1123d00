"""The words that name no thing: verbs, adjectives, adverbs, and nouns for what cannot be seen as a thing of its own.

A word of a prompt that is neither drawn nor in this list is taken for a thing that is not drawn (see reading.py). Verbs
and adjectives are in their base form, irregular forms beside them; regular forms are found from these.
"""

from __future__ import annotations

from luma_sandbox.picture.vocabulary import words

PLAIN = words(
    """
abandon aboard abolish about above abroad abrupt absent absolute absorb abstract absurd abuse academic accelerate
accent accept accident accommodate accompany accomplish accord account accumulate accuracy accurate accuse ache
achieve acknowledge acquire acre across act activate actual acute adapt add additional address addrest adequate adhere
adjacent adjective adjust administer admire admit adopt adrift advantage adventure advertise advice advise aerial
aesthetic affair affairs affect affirm affix afford afraid african after afternoon afterward afterwards again age
agency aggravate aggressive aglow ago agony agree agriculture ahead aid aim air alert alive all allege allocate allot
allow almost aloft alone along aloud already also alter alternative although altogether always amaze amber ambient
ambush amend american amid amidst among amount ample amplitude amuse analogy analysis analytic analyze anatomical
ancestral ancient anecdote anger angle angled angry anguish animal animated animation anime anniversary announce annoy
annual another answer anti anticipate anxiety any anyhow anymore anyone anyway anywhere apart apparent appeal appear
appetite applaud applause appoint appreciate approach appropriate approval approve approximate april apt arabic
arbitrary arc argue arise arisen army arose around arouse arrange arrest arrive arterial arthouse article artificial
artistic arts ascertain ashore asian aside ask asleep aspect assail assault assemble assent assert assess assign
assimilate assist assume assure ate atmosphere atmospheric atomic attach attack attain attempt attend attitude attract
attractive attribute august authentic authorities authorize automatic autonomic autumn avail average avert avoid await
awake awaken award aware away awe awkward awoke awoken babble back background backlight backlit backward bacterial bad
bade bake ban band bang banish baptize bare basic basis bask bathe battered battle bawl beat beaten beauty became
because beckon become before beg began begin begun behalf behave behavior beheld behind behold beholden belief believe
bellow belong below bend beneath beneficial benefit bent beset beside besides best bestow bet betray better between
beyond biblical bid bidden big bigger biggest billion bind biological birthday bit bitter black blame blast blaze
bleed blend blew blind blink bloat blockbuster bloody blot blow blown blue blur blush bluster boast boil bokeh bold
bond boost boredom borrow bother bottom bought bounce bound boyhood brand brave break breakdown breath breathe breeze
breezes brew brief brigade bright brighter brightest brilliant bring british broad broadcast broaden broke broken
brood brown budget build built bulge bulk bunch bureaucracy burial burn burnt burst bury bustle busy buy buzz
calculate call calm came camera campaign cancel cancer candid candlelight capture care career caress carry cartoon
carve cascade case cast casual catalogue catch category caught causal cause cavalry cease cel celebrate celestial cent
center central centre century ceremony certain certify challenge change chant chaos chapter charge charm chase chatter
cheap check checkbook checklist cheer cheery cherish childhood childish chill chinese choice choke choose chore
choreograph chorus chose chosen christmas chronic chuckle cinema cinematic cinematography circle circular circulate
cite civil clad claim clamber clamor clap clarify class classical classify clatter clean clear clever cliche climate
climax climb clinical clip clips close closed closer closest closeup closeups clothe cloudy cluck clue clump clumsy
cluster clutch code codec coherent coin coincide cold colder collaborate collapse collect collective college color
colors colour colours combat combine come comedy comfort command commemorate commend commerce commercial commit
committee common commonplace communicate communion commute company comparative compare comparison compel compensate
compete competent competitive compile complain complaint complete complex complicate compose comprehend comprise
compromise compute conceal concede conceive concept concern concert conclude conclusive concur condemn conduct confess
confide confident confine confirm conflict confront confuse congress connect conquer consent consider consistent
consonant conspiracy conspire constant constitute construct construe consult consume contact contain contaminate
contemplate contempt contend content contest context continue contour contract contradict contrary contrast contribute
control controversy convenient converse convert convey convict convince cool cooperate cooperative coordinate corners
corporate corps correct correspond cortical cosmic cost cosy cough could council count counterpart couple courage cozy
cracked crackle crash crave crawl crazy creak create creative credit credo creep crept crew crime crimson crisis crisp
criterion critical criticize cross crossroads crouch crowd crowded crucial cruel cruelty cruise crush cry culminate
cultural culture cumulative curl current curriculum curse curst curtail curve curved custom customary cycle
cylindrical daily damage damn damp dampen dance danger dangle dapple dare dark darken darker darkest darkness dash
data date datum dawn day daylight days dazzle dead deaf deal dealt death debate debt debut decade decay deceive
december decent decide decisive declare decline deco decorate decrease decree deduce deduct deem deep deeper deepest
defeat defect defend defense defensive deficiency define definite defy degree delay delicate delight deliver demand
democracy democratic demonstrate denial denote denounce dense deny depart departure depend depict deprive depth derive
descend describe deserve design designate desire desolate despair desperate despise destine destroy destructive detail
details detect deteriorate determine develop devise devote diagnose diagonal dialect dialectic dialogue dialysis
diameter diarrhea dictate dictionary die differ different difficult difficulty dig dilate dilemma dilute dim
dimensional diminish din dine direct dirty disagree disappear disappoint disapproval disapprove disaster discern
discharge discipline disclose discontinue discourage discover discovery discrepancy discuss disdain disease dislike
dismay dismiss dismount disorder dispatch dispel display dispose dispute disregard disrupt disseminate dissolve distal
distance distant distill distinct distinctive distinguish distort distress distribute disturb diverse divert divide
dividend divorce doc doctrine documentary dodge dollar dolly domestic dominant dominate donate done doom dot double
doubt down downstairs downward dozen drag drama dramatic drape draw drawn dread dream dreams dreamt drew drift drill
drip drive driven drizzle drop drought drove drown drunk dry due dug dull dumb dump dusk dusty dutch duty dwell dwelt
dwindle each eager earlier earn earnings earthquake ease east eastern easy eat eaten echo economic economical economy
edge edges editorial educate educational eerie effect effective efficacy efficiency efficient effort ego eight
eighteen eighteenth eighth eighty either elaborate elapse elect electoral electric electrical electronics elegant
elemental elevate eleven elicit eliminate elite ellipsoid else elsewhere embody embrace emerge emotional emphasis
emphasize employ empty enact enclose encounter encourage end endanger endeavor endorse endure energetic energy enforce
engage engender english engulf enjoy enlarge enlist enough enrich enroll ensue ensure entail enter enterprise
entertain enthusiasm entire entitle entry envy epic epidemic epitomize epoch equal equate equilibrium equip equivalent
era erase erect errand error erupt escape essay essential establish estate estimate eternal ethical european evaluate
even evening event ever every everybody everyday everyone everything everywhere evident evil evoke evolve exact
exaggerate examine example excellent exceptional excess excessive exchange excite exclaim exclude exclusive excuse
execute exercise exert exhibit exist expand expect expend expenditure expense expensive expire explain explicit
explode exploit explore expose exposure express expressive extend extensive extent exterior external extra extreme
facilitate fact factor faculty fade faded fail failure faint fair faith fall fallen false falter fame familiar fancy
fantastic fantasy far faraway farther fascinate fashion fast fasten faster fat fatal fatigue fault favor fear feat feb
february federal fee feel feelings feet fell felt feminine fever few fewer fibrosis fictional fierce fifteen fifteenth
fifth fifty fight file fill film filmic final finale financial find fine fingerprint finish finite fire firelight firm
first fisheye fit five fix flame flare flash flat flatten flatter flavor flee flew flick flicker flight float flock
flood flourish flow flurry flush flutter flux focal focus fog foggy fold folk folklore follow fond foolish footage
footstep forbad forbade forbid forbidden force forecast foreground foreign foresaw foresee foreseen forever forgave
forget forgive forgiven forgot forgotten forlorn form formal former formula formulate fortunate fortune forty forward
foster fought foul found four fourteen fourth fragile fragmentary frame frames frantic free freedom freeze french
frenzy frequency frequent fresh friday frighten fringe front frosty frown froze frozen frustrate fulfill full fumble
fun fund fundamental funds funeral funny furnish furnishings further furthermore fuss future futuristic gain gallop
game gasp gather gaunt gave gay gaze generalize generate gentle gently genuine geometric german gesture get giant gift
gigantic giggle girlish give given glad glance glare gleam glide glimmer glimpse glint glisten glitter gloom gloomy
glorify glory glossy glow glue gnp goal gold golden golf gone good goods gospel got gotham gotten gouache govern grab
grace grade gradient gradual grain grainy gram grammatic grand grant graph grasp grassy gray graze greasy great
greater greatest green greet grew grief grim grin grip gript gritty groan grope gross group groups grow growl grown
growth grumble grunt guarantee guess guide guilt guilty gulp gunfire gush gust gusts gymnastics habit had half halfway
halt handheld handle hands handsome hang hangs happen happy harangue hard harm harmony harsh has haste hasten hate
haul have haze hazy hd headache health healthy hear heard heart heat heave heavy hebephrenic height held help herd
here hereby heritage hero heroic hesitate hid hidden hide high higher highest hills hinder hint hire historical
history hit hither hoarse hold holiday home honest honeymoon honor hope horizon hostile hot hour hours household hove
hover how however howl huddle hue hug huge hum human humble humor hunch hung hunger hungry hurl hurry hurt hurtle hymn
hyperreal hyperrealistic hypothesis iconic icy idea ideal identical identify ideology idle ignorant ignore iliad ill
illuminate illumine illustrate imaginary imagine imax imitate immediacy immediate immense impact impair impart
impatient impersonal important impose impress impressive improve impulse inadequate incentive inch inches incident
include income incomplete incorporate increase incur indefinite independent indian indicate indifferent indirect
indoors induce indulge industrial industry infantry infect infinite inflict inform inhale inherent inherit inhibit
initial initiate initiative inject injure injury inner innocent inorganic inquire inquiry insane insert inside insight
insist insoluble inspect inspire instal install instant instead institute instruct insult insure intact integer
integral integrate intelligent intend intense intensify intent intercept interest interfere interior internal
interpret interrupt intersect interval interview intimate into intricate intro introduce introject invade invent
invest investigate invite invoke involve inward ironical irony irrelevant isolate issue italian jab january japanese
jazz jewish job join joke journey joy jump june jury just justice justify keep kept ketosis keynote kick kill
kilometre kind kiss knead kneel knelt knew knock know knowledge known labor lack laid lain lame language languid lapse
large larger largest last late latent later latest latter laugh laughter launch law lay lazy lead leaders leafy league
lean leant leap leapt learn learnt least leave lecture left legal legend legislative legislature leisure lend length
lengthy lent lessen lesser lesson let letter level liberty license lick lie lies life lift lighter like likewise limit
limp line linear lines linger linguistic list listen lit liter literal literary literature little live loan local
locate logic logical logline lonely long longer look looks lookup loom loop loose loosen lose loss losses lost lot
lots loud louder lounge lousy love low lower lowest loyal loyalty luck lucky lull lunar lunge lurch lurid lurk lush
luxury lyric macro mad made magic magnetic magnificent magnify magnitude main maintain majestic major make malaise
manage maneuver manifest manipulate manner manners manufacture many mar margin marginal mark marriage marry marvel
mass massive mastery matte matter mature maximum may maybe mean meander meant meanwhile measure mechanical mechanics
medical medieval medium meet melancholy melody melt memories memorize memory men menace mental mercy mere merge merger
merit merry message met metallic meteoritic meter meters method metre metres mexican mid midday middle midnight might
mighty mild mile miles military militia millidegree milligram million millions mimesis mind mingle minimal minimize
minimum minus minute minutes miracle misery misfortune miss mist mistake mistaken mistook misty mob mobilize mock mode
moderate modern modest modify moist moisture molecular molten moment moments momentum monday money month mood moody
moonlight moral more moreover morning mortal most mostly motion motivate motive mount mourn move movie much muddy
multiple mumble municipal murder murmur muscular music musical musketry muster muted mutter mutual mysterious mystery
mystic myth naive naked name narrative narrow national natural naval navy near nearby nearer nearest nearly neat
necessary necessitate negative neglect negotiate neither neon nestle neurosis neutral never new news next nice night
nights nilpotent nine nineteen nineteenth ninth nobody nod noir noise non none nonspecific noon nor nordic norm normal
north northern nostalgia nostalgic not note nothing notice notify nourish nov november now nowhere nuclear number
numerical oath obey object objective oblige obscure observe obtain occasional occupy occur october odd odor off offer
officiate often old older ominous omit once one only onset onto open operate operational opinion oppose opposite
optimum oral order ordinary organic organize original originate orthodox orthography other otherwise ought out
outburst outcome outdoor outdoors outer outlook outreach outro outside outweigh oval over overboard overcame overcome
overhand overhead overhear overheard overtake overtaken overthrew overthrow overthrown overtook owe own pace paid pain
pair pairs pale pan panic pans papers parade paradigm paragraph parallax parallel parameter pardon parisian part
partial participate particular party pass passionate passive past pastel pat patent patrol pause pay peace peculiar
peek peer penalty penetrate people per perceive percent percentage perfect perform perhaps period periodic perish
permanent permit perpetuate persist persistent person personal personnel perspective persuade pertain pertinent phase
phenomenon philosophy phonologic phonology photoreal photorealistic phrase physical physics pick piece pinch pink
pitch pivot place places plague plain plan planetary platoon play plead pleasant please pleasure plenty pleural plight
plod plunge plus poem poetry poignant poise poke police policy polish political politics polynomial ponder poor pop
popular populate portray pose positive posse possess postpone postulate posture potent potential pound pour pov
poverty power practical practice praise prance pray prayer pre preach precede precise predict prefer preliminary
prepare prescribe present preserve preside press pressure prestige presume pretend pretty prevail prevent price pride
primary prime primitive principal principle prior privilege problem procedure proceedings process proclaim produce
product productive profess profit profits profound program programmes progress prohibit project prominent promise
promote prompt prone pronoun pronounce proof proper property proposal propose prosecute prospect prospective protect
protective protest protrude proud prove proven provide provoke psychology public publicize publish pull pulmonary
pulse punish purchase pure purple purpose purr pursuant pursue pursuit push pushup put quackery quaint quake qualify
qualitative quarrel quick quickly quiet quieter quit quite quiver quote race racial radiant rage raid rain rainy raise
ran random rang rank ransack rap rapid rare rate rather ratify ratio rational rationalize rattle raw ray reach react
read ready reaffirm real realistic realize reappear reason reassure rebellion rebuff rebuild rebuilt rebut recall
recede receipt receive recent reciprocal reckon recognize recommend reconcile reconsider reconstruct recount recover
recovery recur reduce refer reflect reflection reflections reflex reform refund refusal refuse regain regard
regimental regional register regret regular regulate rehearsal rehearse reign reinforce reiterate reject rejoice
relate relations relax relegate relevant relief relieve religion relinquish reluctant remain remark remember remind
remote removal remove render renew repaid repair repay repeat repel replace replenish report represent reproach
reproduce republic request require rescue research resemble resent reserve reserves reside residential resign resist
resolution resolve resource respect respiratory respite respond response rest restore restrain restrict result
resultant resume retain retire retrace retreat retrieve retro return reveal revenge revenue reverse review revise
revive reward rhythm rich rid ridden ride ridicule right rigid rip ripe ripple rise risen risk ritual roam roar rob
rocky rode role roll rose rot rotate rough round routine row rows royalty rpm rub rule rumor run rural rush russian
rustic rustle rusty sacrifice sad sag said sail salary sale same sample sandy sang sank sat satire satisfy saturated
saturday save savor saw say scale scamper scan scandinavian scar scare scarlet scatter scene scenes scenic scent
schedule scheme scientific scope score scorn scours scramble scrape scratch scream screech script scripture scroll
scrub scrutinize scrutiny scurry search season secede second seconds secret sector secure see seek seem seen seize
seldom select sell senate send sensational sense sensitive sensory sent separate sepia september serene series serve
service services set settle seven seventeen sever several severe sew sewn sex sexual shade shadow shadows shake shaken
shallow shame shape share sharp shatter shave shaven shear sheen sheer shift shimmer shine shiver shock shone shook
shoot short shortage shorten shot shots shout shove show shown shriek shrill shrug shudder shuffle shut shutdown shy
sick side sides sigh sight sign signal significant silence silent silhouette silhouettes similar simmer simple
simplify simulate sin since sincere single singular sip sit six sixteen sixth sixties sixty size sizzle skeletal
skeptical skill skip slacken slam slap slash slaughter slavery sleek sleep sleepy slender slept slick slid slidden
slide slight slightest slim slip slow slower slowly slowmo slump small smaller smallest smart smash smell smelt smile
smiles smooth snap snarl snatch sneer sniff snooze snort snowy snug soak soar sober social society soft soften softly
sold solemn solve somber sombre some somebody someday somehow someone something sometime sometimes somewhat somewhere
song soon soothe sore sorrow sorry sort sought soul sound sounds soundtrack sour south southern soviet span spanish
spare sparkle sparse spat spatial speak special specialize species specific specify spectacular spectral spectrum
speculate speech spell spelt spend spent spherical spin spirit spiritual spit splash splendid split spoke spoken
sponsor sport spot spotlight sprang spread spring sprinkle sprint spun squad square squat squeeze squint staff stagger
stain stammer stand standard standpoint stare starlight start startle starve static statistic statistical stature
status statute stay steadicam steady steal step steps stereotype sticky stiffen still stimulate stimulus stir stole
stolen stolid stony stood stop stories storm storms stormy story straddle straight straighten strain strange strategy
streak strength strengthen stress stretch strew strewn strict stridden stride strike strive striven strode stroke
stroll strong strove struck structural struggle stubborn study stuff stumble stunning stupid sturdy style styled
stylised stylish stylized subjective sublime submit subsequent subsidize subspace substantial substitute subtle
subtract suburban success successive such suck sudden suffer sufficient suggest sullen sum summarize summary summer
summon sun sunday sundown sunlight sunlit sunny sunrise sunset sunshine superb superior supervise supplies support
supportive suppose suppress supreme sure surge surpass surplus surprise surreal surrender surround survey survival
survive suspect suspend suspicion sustain swam swarm sway swear swedish sweep sweet swell swept swerve swift swim
swirl swollen swoop swore sworn swum symbol symbolic symbolize symmetric symmetry sympathetic sympathy symphonic
symphony symptom synthesis tactual take taken takes tale talk tall tame tangent task taste taught taunt taut tax teach
teal team tears teaser technical technique technology tell temper temperature tempt ten tend tendency tentative tenth
term terminate terrific terror test testify testimony text texture textured thank thanks thaw theme then theological
theology theorem theoretical theory therapy there thereafter thereby therefore therein thereof thereto thermal thick
thicket thin thing things think third thirsty thirteen thirty thither thorough though thought thoughts thousand threat
threaten three threw thrill thrive through throw thrown thrust thump thunder thursday thus tick tide tied tight tighten
tilt time timelapse times tinkle tint tiny tiptoe tired titer title today together told tolerant tolerate tomorrow ton
tonal tone tones tonight too took top topic torn torture toss touch tough tour toward towards trace tracking trade
traditional traffic tragedy tragic trail trample tranquil transfer transform transition translate transmit transparent
travel treat trek tremble trial tribute trickle trim trip triple triumph trivial troop troops trot trouble trudge true
trust truth try tsunami tuesday tumble tumor tune turmoil turn twelve twenties twentieth twenty twice twinkle twirl
twist twitch two type typical uhd ultimate ultrasonic ultraviolet unaware uncertain uncertainty uncover under undergo
undergone underlain underlay underlie underline undermine understand understood undertake undertaken undertook
underway underwent uneasy uneven unfold unfurl unhappy unify unique unite universal unless unlike unlock unnecessary
unpaid unpleasant unseen until unusual upheld uphold upon upper upright uproar upset upstairs uptake upward urban urge
urgent usage use usual utilize utmost utopia utter vacuum vague vain valid valor value values vanish variety vary vast
veer venture verb verbal verify verse versus very via vibe vibrant victorian victory view viewpoint vintage violate
violent virtue visit vista visual vital vivid vocabulary vocational voice volley voltage vote voyage wage wail wait
wake walk wallop wander want war warfare warm warmer warmth warn warrant watercolor watercolour wavelength way ways
weak weaken wealth wear weary weather weathered wedding wednesday week weekend weep weigh welcome well went wept west
western wet whether while whilst whirl whisk whisper white whole wide widen wider widespread wield wiggle wild will
win wind winds windy wink winter wipe wisdom wise wish wistful wit withdraw withdrawn withdrew withheld withhold
within withstand withstood witty wobble woke woken won wonder wooden woods woollen word words wore work workday
workout worn worry worse worst worth worthy would wound wrangle wrath wrinkle write writhe written wrong wrote year
years yell yellow yes yesterday yet yield young younger zero zoom
"""
)
