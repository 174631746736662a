"""Texts that are hard for a tokenizer, and sentences for the vocabulary. All are our own."""

# Other scripts, so that the vocabulary knows a few of their characters.
SENTENCES = [
    "Die Größe des Moleküls hängt vom Druck ab, und die Höhe über dem Meer ändert ihn.",
    "L'énergie cinétique d'un corps dépend de sa vitesse ; où est-elle nulle ? À l'arrêt.",
    "El año tiene 365 días y el corazón late más rápido en la montaña.",
    "Скорость света в вакууме равна примерно трёмстам тысячам километров в секунду.",
    "Το φως ταξιδεύει πιο γρήγορα από τον ήχο, και η γωνία α είναι ίση με τη γωνία β.",
    "水在一百摄氏度沸腾。光的速度最快。", "水は百度で沸騰する。光はとても速い。",
    "الماء يغلي عند مئة درجة.", "המים רותחים במאה מעלות.", "पानी सौ डिग्री पर उबलता है।",
    "E = mc², x ≤ y, α + β ≠ γ, ∫ f(x) dx, 10⁻³ m, 25 °C, ± 5 %, A → B, H₂O.",
    "#### What is asked after the context? #### How many? ## # 1.",
]

EMPTY = ["", " ", "   ", "\n", "\t \r\n", "\u00a0", "\u3000", "\u200b", "\ufeff", "\u0085", " \u0085 ", "\x00", "▁", "▁▁ ▁"]

SPACES = [
    "two  spaces", "  before and after  ", "a\tb\nc\r\nd", "no\u00a0break", "em\u2003space\u2009thin", "ideographic\u3000space",
    "zero\u200bwidth", "joined\u2060word", "soft\u00adhyphen", "line\u2028paragraph\u2029end", "next\u0085line", "\u0085first",
    "last\u0085", "a\u0085\u0085b", "\u1680ogham", "under▁score ▁ alone", "vertical\x0btab\x0cform", "\ufeffmarked", "a\ufeffb",
    " \u200b \u200b ", "narrow\u202fspace", "math\u205fspace",
]

CONTROLS = ["bell\x07", "null\x00inside", "\x1b[31mred\x1b[0m", "delete\x7f", "\x01\x02\x03", "c1\x80\x9f", "object\ufffc", "bad\ufffd",
            "\ue000private", "non\ufdd0character", "\U0010ffff", "tag\U000e0041\U000e007f"]

SPECIALS = [
    "[SEP]", "[CLS]", "[MASK]", "[PAD]", "[UNK]", "[CLS] a [SEP] b [SEP]", "a[SEP]b", "a [SEP] b", "[SEP][SEP]", "[ SEP ]", "[sep]",
    "[MASK]ing", "un[MASK]ed", " [MASK] ", "[MASK] [MASK]", "[UNK] and 漩", "漩[UNK]漪", "[PAD]x[PAD]", "［SEP］", "[SEP", "SEP]",
    "[[SEP]]", "<s> </s> <unk> <pad>", "<0x41>", "<0x0A>x", "[CLS]\u0085[SEP]",
]

UNKNOWN = ["漩", "漩漪", "漩 漪", "a漩漪b", "漩a漪", "ꙮ", "ꙮꙮꙮ", "xꙮ ꙮy", "𓀀𓀁", "𝔘𝔫", "ᚠᛇᚻ", "word漩漪 漩 end", "☃☃", "☃ ☄", "\U0001f9ec DNA"]

EMOJI = ["😀", "👍🏽", "👩‍🔬", "👨‍👩‍👧‍👦 family", "🏳️‍🌈", "🇩🇪🇫🇷", "❤️", "❤", "☺\ufe0e", "1️⃣", "a😀b", "🧑🏿‍🚀 in orbit", "\u200d", "x\u200dy"]

COMBINING = [
    "e\u0301", "\u00e9", "cafe\u0301", "A\u030a", "\u212b", "o\u0302\u0323", "o\u0323\u0302", "\u1ed9", "\u0301alone", "a\u0301\u0301\u0301",
    "n\u0303o", "Z\u0351\u036b\u0343a\u0363l\u034eg\u0321o\u0335", "क्षि", "நி", "각", "\u1100\u1161\u11a8", "\u0e33", "\u0644\u0627", "\ufefb", "i\u0307",
    "\u0130", "ß", "ẞ", "ŉ", "\u0344", "\u0f73",
]

COMPATIBILITY = [
    "ﬁne ﬂow eﬀect", "½ cup", "¼+¾", "x² + y³", "H₂SO₄", "①②③", "ＡＢＣ１２３", "ｶﾞ", "ガ", "㎏ ㎞ ㏒", "℃", "Å", "µm and μm", "Ω and Ω", "…", "‥", "™ © ®",
    "ⅳ Ⅻ", "㈱", "ﷺ", "ﾊﾟ", "ǆ", "ſ", "⁻¹", "∯", "⑴", "㍿", "‼", "〜～", "‘q’ “q”", "a–b—c", "−5", "′ ″ ‴", "ﹰ", "𝟙𝟚", "𝑥 = 𝛼", "ℏ", "K",
]

SCRIPTS = [
    "Größe", "naïve café", "Москва", "ЁЖИК", "ΑΒΓ αβγ", "ά\u03b1\u0301", "水在沸腾", "光の速さ", "한국어", "مرحبا بالعالم", "שָׁלוֹם", "हिन्दी", "ไทย", "עברית and English",
    "\u202eabc\u202c", "\u200fابت\u200e", "a\u0640b", "مـاء", "١٢٣", "१२३", "１２", "Ⅳ世紀", "ÿ", "Œuvre", "ĳ", "Tiếng Việt", "Łódź", "İstanbul ıı",
]

SCIENCE = [
    "E = mc^2", "10^-3", "3.14159", "1,000,000", "6.022e23", "0x1F", "pH<7", "a/b//c", "C:\\path", "x_1", "f(x)=x^{2}", "\\frac{1}{2}",
    "$\\alpha$", "∇·E = ρ/ε₀", "∀x∈ℝ ∃y", "A ⇌ B", "→←↔", "25°C", "±5%", "¥100 €5 £2", "DNA/RNA", "C₆H₁₂O₆", "Na⁺ + Cl⁻", "λ=500nm",
    "10.1007/s00", "http://a.b/c?d=e&f", "user@host", "don't", "it’s", "rock'n'roll", "A.B.C.", "U.S.", "...", "!!!???", "(((", "—", "--",
    "1st 2nd", "3D", "B2B", "i.e.", "e.g.,", "C++", "#include", "100%", "a*b", "~5", "`x`", "{}", "|", "\"quoted\"", "''", "<b>",
]

LONG = [
    "a" * 300, "ab" * 150, "word " * 60, "1234567890" * 20, "=" * 100, "漩" * 70, "漩 " * 40, "é" * 90, "e\u0301" * 90, " " * 200 + "x",
    "x" + " " * 200, "\u0301" * 50, "[SEP]" * 30, "the " * 3 + "scattering" * 12, "👩‍🔬" * 20, "aA" * 80, "photosynthesis" * 8,
]

CASES = ["Photosynthesis", "PHOTOSYNTHESIS", "photoSynthesis", "The quick brown fox", "thequickbrownfox", "Water", "water", " water", "WATER.",
         "molecules", "Molecule's", "scattering of light", "Scattering", "unbelievably", "x", "I", "a b c d e"]

TRICKY = EMPTY + SPACES + CONTROLS + SPECIALS + UNKNOWN + EMOJI + COMBINING + COMPATIBILITY + SCRIPTS + SCIENCE + LONG + CASES

PAIRS = [("", ""), ("a", ""), ("", "b"), (" ", "b"), ("a", " "), ("[SEP]", "[CLS]"), ("What is [MASK]?", "water"), ("漩", "漪"), ("e\u0301", "\u0301e"),
         ("ends ", " begins"), ("\u0085", "\u0085"), ("a" * 50, "b" * 50), ("one\ntwo", "three\tfour"), ("▁", "▁"), ("½", "ﬁ")]
