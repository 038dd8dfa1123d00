"""Speech: texts that are spoken by voice engines, sentence by sentence, and kept by their content."""
