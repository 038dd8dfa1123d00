"""Mutants of the sandbox's Dream Machine API, its answers to browsers, its certificate and its takes."""

from __future__ import annotations

from mutants_agents import SANDBOX_AGENTS
from mutants_pieces import DREAM_EDITS, DREAM_GIVES, DREAM_TAKES, HTTPS, PAGES, REHEARSED, Mutant

SANDBOX = "luma_sandbox"
RULES, IMAGES, SIZES, ADMIN = (f"{SANDBOX}/{name}.py" for name in ("rules", "image_rules", "sizes", "admin_routes"))
ROUTES, CALLBACKS, FAULTS = f"{SANDBOX}/dream_machine.py", f"{SANDBOX}/callbacks.py", f"{SANDBOX}/faults.py"
FATES, BOOKS, PRICES = f"{SANDBOX}/faults_fate.py", f"{SANDBOX}/books.py", f"{SANDBOX}/prices.py"
BROWSERS, CERTIFICATES, EDITS = f"{SANDBOX}/browsers.py", f"{SANDBOX}/certificates.py", f"{SANDBOX}/edit_rules.py"
ECHO = ("tests/luma_sandbox/test_rules.py", "tests/luma_sandbox/test_stills.py", "-k", "echo")
IN_SIZES = ("tests/luma_sandbox/test_sizes.py",)
TOLD_AGAIN = ("tests/luma_sandbox/test_callbacks.py", "-k", "only_200 or first_good")
ANY_REASON = (
    "tests/luma_sandbox/test_faults.py",
    "tests/luma_sandbox/test_faults_fate.py",
    "tests/luma_sandbox/test_faults_plan.py",
    "-k",
    "sea or wrong or reason_has",
)
RAY_1_6 = ("tests/luma_sandbox/test_api.py", "-k", "ray_1_6")
AGENTS_URLS = ("tests/luma_sandbox/test_agents.py", "-k", "lives")

TAKEN = (
    Mutant(DREAM_TAKES, "null is refused", RULES, 'if nulls and assume["null_fields"] == "refused":', "if nulls:"),
    Mutant(DREAM_TAKES, "null is taken where it is switched to be refused", RULES,
           'if nulls and assume["null_fields"] == "refused":', "if False:"),
    Mutant(DREAM_TAKES, "a null within a list or an object is not seen", RULES,
           "[found for key, inner in value.items() for found in _nulls(inner, [*at, str(key)])]",
           "[[*at, str(key)] for key, inner in value.items() if inner is None]"),
    Mutant(DREAM_TAKES, "unknown fields are refused", RULES, 'if assume["unknown_fields"] == "ignored":', "if False:"),
    Mutant(DREAM_TAKES, "unknown fields are taken where they are switched to be refused", RULES,
           'if assume["unknown_fields"] == "ignored":', "if True:"),
    Mutant(DREAM_TAKES, "unknown fields are told beside what else is wrong", RULES,
           'found = [one for one in found if one["type"] != "extra_forbidden"]',
           'found = found if any(one["type"] != "extra_forbidden" for one in found) else []'),
    Mutant(DREAM_TAKES, "both keyframes null are none asked for", RULES,
           "if shape.keyframes is not None and keyframes.frame0 is None and keyframes.frame1 is None:", "if False:"),
    Mutant(DREAM_TAKES, "the model is required", RULES, 'assume["model"] == "optional" and', "False and"),
    Mutant(DREAM_TAKES, "the model is optional where it is switched to be required", RULES,
           'assume["model"] == "optional" and', "True and"),
    Mutant(DREAM_TAKES, "a model of null is refused", RULES, 'body.get("model") is None:', '"model" not in body:'),
    Mutant(DREAM_TAKES, "an image's model is required", IMAGES, ', assume["default_image_model"])', ")"),
    Mutant(DREAM_TAKES, "ray-1-6 is refused", RULES,
           'VideoShape if assume["ray_1_6"] == "accepted" else CurrentVideoShape', "CurrentVideoShape"),
    Mutant(DREAM_TAKES, "ray-1-6 is taken where it is switched to be refused", RULES,
           'VideoShape if assume["ray_1_6"] == "accepted" else CurrentVideoShape', "VideoShape"),
    Mutant(DREAM_TAKES, "ray-1-6 takes concepts", RULES, "if concepts and shape.model in WITHOUT_CONCEPTS:",
           "if False:"),
    Mutant(DREAM_TAKES, "no concepts are concepts", RULES, "if concepts and shape.model in",
           "if shape.concepts is not None and shape.model in"),
    Mutant(DREAM_TAKES, "ray-1-6 has no price", ROUTES, 'if model == "ray-1-6" else None', "if False else None",
           RAY_1_6),
    Mutant(DREAM_TAKES, "ray-1-6 costs what ray-2 does, whatever is assumed", ROUTES,
           'server.options.assume.number("ray_1_6_rate")', "0.0064", RAY_1_6),
    Mutant(DREAM_TAKES, "a finding has no context", f"{SANDBOX}/refusal.py",
           'return told | {"ctx": problem["ctx"]} if "ctx" in problem else told', "return told"),
    Mutant(DREAM_TAKES, "a failure has one of the listed reasons", FAULTS, "not _is_text(self.reason)",
           "self.reason not in (*REASONS, *SEEN_REASONS)", ANY_REASON),
    Mutant(DREAM_TAKES, "a failure may have a reason without words", FAULTS, "bool(reason.strip()) and", "",
           ANY_REASON),
    Mutant(DREAM_TAKES, "a failure may have a reason that the books cannot hold", FAULTS,
           "        return bool(reason.strip()) and bool(reason.encode())", "        return bool(reason.strip())",
           ANY_REASON),
    Mutant(DREAM_TAKES, "a reason that was seen has no code in the other API", FATES,
           '    "Advanced moderation failed": "content_moderated",\n'
           '    "failed to moderate image": "content_moderated",\n', "", ANY_REASON),
)  # fmt: skip

GIVEN_BACK = (
    Mutant(DREAM_GIVES, "a video is echoed as it was sent", RULES, 'if assume["echo"] == "stored":', "if False:", ECHO),
    Mutant(DREAM_GIVES, "a video is echoed as stored where it is switched to be echoed as sent", RULES,
           'if assume["echo"] == "stored":', "if True:", ECHO),
    Mutant(DREAM_GIVES, "an image is echoed as it was sent", IMAGES, 'if assume["echo"] == "stored":', "if False:",
           ECHO),
    Mutant(DREAM_GIVES, "an image is echoed as stored where it is switched to be echoed as sent", IMAGES,
           'if assume["echo"] == "stored":', "if True:", ECHO),
    Mutant(DREAM_GIVES, "a video's echo has no nulls", RULES, "dict.fromkeys(STORED) |", "{} |", ECHO),
    Mutant(DREAM_GIVES, "a video's echo has no loop", RULES, '| {"loop": False} |', "|", ECHO),
    Mutant(DREAM_GIVES, "a video's echo has no defaults", RULES, "| echo | filled", "| echo", ECHO),
    Mutant(DREAM_GIVES, "a default stands over what was given", RULES, '| {"loop": False} | echo',
           '| echo | {"loop": False}', ECHO),
    Mutant(DREAM_GIVES, "an image's echo has no nulls", IMAGES, "dict.fromkeys(STORED) |", "{} |", ECHO),
    Mutant(DREAM_GIVES, "an image's echo has no ratio", IMAGES, ' | {"aspect_ratio": aspect_ratio}', "", ECHO),
    Mutant(DREAM_GIVES, "a moment has three digits", ROUTES, 'generation.created_at, "microseconds"',
           "generation.created_at"),
    Mutant(DREAM_GIVES, "a clip has no thumbnail", ROUTES, '"image": url("thumb.jpg"), ', ""),
    Mutant(DREAM_GIVES, "a clip has no progress_video", ROUTES, ', "progress_video": None}', "}"),
    Mutant(DREAM_GIVES, "a thumbnail is the clip's last frame", f"{SANDBOX}/thumbnail.py", "last=False", "last=True"),
    Mutant(DREAM_GIVES, "assets have signed addresses", ROUTES, 'server.options.assume["asset_urls"] == "signed"',
           "True"),
    Mutant(DREAM_GIVES, "assets have plain addresses where they are switched to be signed", ROUTES,
           'server.options.assume["asset_urls"] == "signed"', "False"),
    Mutant(DREAM_GIVES, "a plain address is not served", ADMIN, 'plain = ever is not None and', "plain = False and"),
    Mutant(DREAM_GIVES, "a plain address is served where it is switched to be signed", ADMIN,
           ' and server.options.assume["asset_urls"] == "plain"', ""),
    Mutant(DREAM_GIVES, "the Agents API's assets have plain addresses", ADMIN, " and ever.api == API", "", AGENTS_URLS),
    Mutant(DREAM_GIVES, "4:3 at 720p has the area of 16:9", SIZES, "(1152, 864)", "(1108, 830)", IN_SIZES),
    Mutant(DREAM_GIVES, "4:3 at 1080p has the area of 16:9", SIZES, "(1728, 1296)", "(1664, 1248)", IN_SIZES),
    Mutant(DREAM_GIVES, "a still of 4:3 has the size of a clip", SIZES, ' | {"4:3": (1664, 1248)}', "", IN_SIZES),
    Mutant(DREAM_GIVES, "a clip of 4:3 is of the next tier", SIZES, "ROOM = 1.1", "ROOM = 1.0", IN_SIZES),
    Mutant(DREAM_GIVES, "any 2xx ends a callback", CALLBACKS, "status == int(self._taken)", "200 <= status < 300",
           TOLD_AGAIN),
    Mutant(DREAM_GIVES, "only a 200 ends a callback, whatever is assumed", CALLBACKS,
           '200 <= status < 300 if self._taken == "2xx" else status == int(self._taken)', "status == 200", TOLD_AGAIN),
    Mutant(DREAM_GIVES, "a callback that was taken is sent again", CALLBACKS, 'if outcome == "delivered":\n',
           "if False:\n",
           TOLD_AGAIN),
)  # fmt: skip

PRICED_BY_SOURCE = (
    Mutant(DREAM_EDITS, "the first charge stays", PRICES, 'if form.get("priced_by") not in ("source", "capped") or',
           "if True or"),
    Mutant(DREAM_EDITS, "a capped charge stays as it was", PRICES, 'not in ("source", "capped")', 'not in ("source",)'),
    Mutant(DREAM_EDITS, "a charge is always capped", PRICES,
           'form["at_most"] if form["priced_by"] == "capped" else "4k"', 'form["at_most"]'),
    Mutant(DREAM_EDITS, "a charge is never capped", PRICES,
           'form["at_most"] if form["priced_by"] == "capped" else "4k"', '"4k"'),
    Mutant(DREAM_EDITS, "an edit costs 5 s", PRICES, 'tier, source["frames"])', "tier, 120)"),
    Mutant(DREAM_EDITS, "the source's own price is not booked", f"{SANDBOX}/lifecycle.py",
           "generation.id, inputs, cents)", "generation.id, inputs)"),
    Mutant(DREAM_EDITS, "the source's own price is booked as whole cents alone", BOOKS,
           "micros = coalesce(?, micros) ", "micros = coalesce(micros, ?) "),
    Mutant(DREAM_EDITS, "an edit is not charged by what is assumed", EDITS, '{"priced_by": assume["edit_price"]}',
           '{"priced_by": "source"}'),
)  # fmt: skip

BROWSED = (
    Mutant(PAGES, "pages of every site may call", BROWSERS, "allow_origin_regex=ORIGINS", 'allow_origin_regex=".*"'),
    Mutant(PAGES, "a name that begins as this machine's may call", BROWSERS, r'(:\d{1,5})?"', r'(:\d{1,5})?.*"'),
    Mutant(PAGES, "a site without http may call", BROWSERS, 'r"https?://(', 'r"[a-z]+://('),
    Mutant(PAGES, "pages on ::1 may not call", BROWSERS, r"|\[::1\]", ""),
    Mutant(PAGES, "the control routes are open to pages of this machine", BROWSERS,
           'scope["type"] == "http" and scope["path"].startswith(OPEN)', 'scope["type"] == "http"'),
    Mutant(PAGES, "the older path is closed", BROWSERS, '"/generations", ', ""),
    Mutant(PAGES, "uploads are closed", BROWSERS, ', "/sandbox/uploads/")', ")"),
    Mutant(PAGES, "assets are closed", BROWSERS, '"/sandbox/assets/", ', ""),
    Mutant(PAGES, "nothing may be deleted", BROWSERS, ', "DELETE")', ")"),
    Mutant(PAGES, "the SDKs' headers are not allowed", BROWSERS, 'allow_headers=["*"]', "allow_headers=[]"),
    Mutant(PAGES, "a page cannot read when to come again", BROWSERS, '"Retry-After", ', ""),
    Mutant(PAGES, "a page cannot read what a fault answers", f"{SANDBOX}/app.py",
           "    app.add_middleware(FaultLayer, server=server)\n    app.add_middleware(Browsers)",
           "    app.add_middleware(Browsers)\n    app.add_middleware(FaultLayer, server=server)"),
)  # fmt: skip

SEALED = (
    Mutant(HTTPS, "the key is readable by others", CERTIFICATES, "_write(key, private, 0o600)",
           "_write(key, private, 0o644)"),
    Mutant(HTTPS, "a key that is readable by others is served", CERTIFICATES, "if key.stat().st_mode & 0o077:",
           "if False:"),
    Mutant(HTTPS, "the authority may sign for every host", CERTIFICATES,
           "signing.public_key(), authority=True).add_extension(\n        x509.NameConstraints("
           "[_constraint(name) for name in names], None), True\n    )", "signing.public_key(), authority=True)"),
    Mutant(HTTPS, "the authority may have authorities under it", CERTIFICATES, "path_length=0 if authority else None",
           "path_length=None"),
    Mutant(HTTPS, "the authority's limits may be overlooked", CERTIFICATES,
           "[_constraint(name) for name in names], None), True", "[_constraint(name) for name in names], None), False"),
    Mutant(HTTPS, "the authority's addresses are whole networks", CERTIFICATES,
           "ipaddress.ip_network(str(name.value))", 'ipaddress.ip_network(f"{name.value}/8", strict=False)'),
    Mutant(HTTPS, "the server's own key is an authority's", CERTIFICATES, "serving.public_key(), authority=False",
           "serving.public_key(), authority=True"),
    Mutant(HTTPS, "the authority signs with the server's key", CERTIFICATES,
           "ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())",
           "(one := ec.generate_private_key(ec.SECP256R1())), one"),
    Mutant(HTTPS, "a certificate of another authority is served", CERTIFICATES,
           "        shown.verify_directly_issued_by(authority)\n", ""),
    Mutant(HTTPS, "a certificate of another key is served", CERTIFICATES,
           "private.public_key() != shown.public_key() or ", ""),
    Mutant(HTTPS, "a certificate that lacks a name is served", CERTIFICATES, " or not set(names) <= set(covered)", ""),
    Mutant(HTTPS, "a certificate is served to its very end", CERTIFICATES, "ends - moment > RENEWED", "ends > moment"),
    Mutant(HTTPS, "a certificate is served before it begins", CERTIFICATES, "ends if begun and", "ends if"),
    Mutant(HTTPS, "a certificate is made anew at each start", CERTIFICATES, "if until is None:", "if True:"),
    Mutant(HTTPS, "the sandbox cannot read what it made", f"{SANDBOX}/reader.py",
           "context.load_verify_locations(self._ca)", "pass"),
)  # fmt: skip

NUMBERED = (
    Mutant(REHEARSED, "a take is numbered before its create is accepted", BOOKS,
           "json.dumps(takes.numbered(db, draft, identity)),\n",
           "json.dumps(takes.numbered(db, draft, identity)),\n"
           '                    *[db.execute(word) for word in ("COMMIT", "BEGIN IMMEDIATE")][:0],\n'),
    Mutant(REHEARSED, "a take is not numbered by the books", BOOKS, "takes.numbered(db, draft, identity)",
           "draft.order_form"),
    Mutant(REHEARSED, "a number is not kept", f"{SANDBOX}/takes.py",
           'db.execute("INSERT INTO takes (id, alike, take) VALUES (?, ?, ?)", (identity, alike, before + 1))', "pass"),
)  # fmt: skip

SANDBOXED = (*SANDBOX_AGENTS, *TAKEN, *GIVEN_BACK, *PRICED_BY_SOURCE, *BROWSED, *SEALED, *NUMBERED)
