"""The wordings that mark a line as not for the client; each list says what it is a sign of."""

from __future__ import annotations

import re

_CL = r"(?:cl|ct|clt|c/l|client)"


def _any(*forms: str) -> re.Pattern[str]:
    return re.compile("|".join(forms), re.IGNORECASE)


PRIVATE = _any(
    r"\bnb:? private\b|^private\b\s*[:-]|[(\[](?:private|internal|confidential)\b[^)\]]{0,40}[)\]]",
    rf"\b(?:do not|don'?t|dont|never|not to) (?:tell|inform|mention (?:this |it )?to|share with|say to"
    rf"|show) (?:the )?{_CL}\b",
    rf"\bnot for (?:the )?(?:letter|{_CL}|sharing|disclosure)\b",
    r"^internal\b\s*[:-]|\binternal (?:note|use|only)\b|^confidential\b(?! (?:settlement|reference|agreement"
    r"|terms?|info\w*|documents?|docs|data|deal|offer|clause|papers|talks|reports?)\b)",
    rf"\b{_CL} (?:must|should) not (?:know"
    rf"|see|be told"
    r"|find out)\b",
    r"\bnot to be (?:shared|disclosed|passed on|repeated|told|quoted)\b|\boff (?:the )?record\b"
    r"(?! (?:chat|talk|conversation|meeting|offer|discussion)s?\b)",
    rf"\bkeep (?:this |it )?from (?:the )?{_CL}\b|\b(?:for )?file only\b"
    rf"|\bwithout (?:the )?{_CL}(?:'s)? knowing\b",
    r"\b(?:leave|keep) (?:this |it |that )?(?:out of|off) (?:the )?letter\b",
    r"\bnot (?:in|on|for) (?:the |this |any |our |a |joint |shared )*(?:letter|file)\b(?! (?:of|from|to|at))"
    r"|(?<!shall )(?<!will )\bleave (?:this|that|it) out\b(?! of)|\b(?:pls"
    r"|please) leave out\W*$|^(?:\w+ )?(?:private|privileged)\b"
    r"(?: ?/ ?\w+)?\s?:",
    # an order to whoever reads the notes; what somebody was told has words before it
    r"(?:^|[,;:(–-]\s*)(?:nb:? |pls |please )?(?:do not|don'?t|dont|never) (?:mention|disclose|reveal"
    r"|repeat|quote|pass (?:this |it )?on"
    r"|muddle|confuse|mix)\b",
)
INJECTED = (
    (
        "an order to whoever writes the letter, not a note",
        _any(
            r"\b(?:ignore|disregard|forget|override|overlook) (?:all |the |any |every )?(?:other |previous "
            r"|prior |earlier |above |of the )?"
            r"(?:above|notes?|instructions?|lines?|rules?|prompts?)\b",
            r"^\W*(?!(?:model|developer): (?-i:[A-Z][a-z]+ [A-Z\d]))"  # of a car, of a house
            r"(?:system|assistant|ai|llm|chatgpt|claude|model|bot|developer)\b\W{0,3}(?:prompt|note"
            r"|message)?\s?[:>\]]",
            r"\b(?:note|message|instruction)s? (?:to|for) (?:the )?(?:writer|ai|model|assistant|llm|system"
            r"|drafter)\b",
            r"\bwhen (?:you )?(?:summari[sz]|draft|writ)(?:e|ing)\b.{0,30}\b(?:say|state|write|tell|omit"
            r"|include)\b",
            r"\b(?:tell|inform|assure) the (?:reader|recipient)\b|\bto whoever (?:reads|writes|drafts)\b",
            r"\b(?:state|say|write|add|put|confirm) in the letter that\b|\byou are (?:now )?an? (?:ai"
            r"|assistant|helpful)\b",
            r"\bnew instructions?\b\s?:|\b(?:output|respond with|print) (?:only|exactly|the following)\b",
        ),
    ),
)
CONFIDENCE = (
    (
        "told in confidence",
        _any(
            r"\bin (?:strict(?:est)? )?confidence\b(?! in)|\b(?:strictly |just )?between (?:us|you and me"
            r"|ourselves)\b(?! and)",
            r"\bon the (?:quiet|q\.?t\.?|sly)\b|\bon quiet\b|\bconfided\b|\bkeep (?:this |it "
            r"|that )?(?:confidential|quiet|secret|private)\b",
            r"\b(?:told|said|says|emailed|rang|mentioned|messaged|spoke|texted|phoned"
            r"|called)\b.{0,30}\b(?:privately|confidentially)\b",
            r"\b(?:swore|sworn) (?:me|us) to secrecy\b|\bentre nous\b|\bstrictly private\b|\bunofficially\b"
            r"|\bdon'?t quote\b",
            r"\bkeep (?:it |this |that )?(?:(?:to|between) (?:ourselves|myself|us)\b|mum\b)"
            r"|\blet (?:it )?slip\b"
            r"|\b(?:asked|begged|told|wants) (?:me|us) to (?:sit on|keep) (?:it|this|that)\b",
            r"\b(?:did ?n'?t|didnt|not to|never to) hear (?:it |this |that )?from (?:me|us)\b"
            r"|\bcan'?t be traced\b"
            r"|\b(?:has ?n'?t|hasnt|have ?n'?t) told a soul\b|\b(?:said|says|told \w+) quietly\b|, quietly:",
        ),
    ),
)
# Too often the client's own telling to withhold a line by itself; the classifier is told of it.
UNKNOWING = _any(
    r"\b(?:wife|husband|partner|family|parents?|mum|mother|dad|father|son|daughter|ex|he|she|kids"
    r"|children|sister|brother)"
    r" (?:does ?n[o']t|doesnt|do(?:es)? not|don'?t|must ?n'?t|mustnt|must not|is not to|isn't to"
    r"|cannot|can'?t) (?:yet )?"
    r"(?:know|find out|be told)\b",
    r"\b(?:have ?n[o']t|haven't|havent|has ?n[o']t|hasn't|have not|has not) (?:yet )?told (?:her"
    r"|him|them|his (?:wife|partner|family)"
    r"|her (?:husband|partner|family))\b",
    r"\bmust ?n'?t (?:know|find out)\b|\bmustnt know\b|\bnot aware (?:that )?(?:cl|she"
    r"|he) is seeing us\b",
    r"\bdo(?:es)? ?n[o']t want (?:her|his|their|the) (?:\w+ )?(?:wife|husband|partner|family|mum"
    r"|dad|son|daughter|parents) (?:to know"
    r"|knowing|told)",
)
HUSH = _any(
    r"\b(?:asked|begged|asks|begs|wants|requested|promised|told|made) (?:us|me"
    r"|that we)? ?(?:promise )?(?:not to|never to|that we do not|don'?t)"
    r" (?:tell|mention|let|say|repeat|pass|disclose|reveal|share)\b",
    r"\b(?:says?|said|asks?|asked|wants?) (?:we |i )?(?:should |must )?not (?:to )?(?:tell|mention|repeat"
    r"|disclose|let on|pass)\b",
    r"\b(?:careful|take care|mind) not to (?:tell|mention|let|say)\b|\b(?:is|are) not to (?:know|be told"
    r"|find out)\b",
    r"\bplease (?:do not|don'?t) (?:tell|mention|let on|repeat|pass)\b|\bdon'?t let (?:on|him|her|them)\b",
    r"(?:^|[,;:(–-]\s*)(?:do not|don'?t|dont|never|not to) (?:tell|inform|let (?:on|slip"
    r"|\w+(?: \w+)? (?:know|see|hear|find|learn)))\b",
    r"\b(?:can ?not|can'?t|could ?n'?t|mustn'?t) (?:let|tell) (?:on|him|her|them)\b",
)
# Before these the "not to" is advice, or what somebody told the client.
ADVICE = re.compile(
    rf"\b(?:told|advised|adv'?d|adv|warned|reminded|tell|asked|agreed with) (?:the )?{_CL}\b|^\W*{_CL}\b"
    r"|\b(?:told|warned) (?:him|her|them)\b|\b(?:employer|manager|boss|ll|landlord|agent|bank) (?:told"
    r"|asked|warned)",
    re.IGNORECASE,
)
_PERSON = rf"(?:he|she|they|{_CL}|[A-Z][a-z]+)"
OPINION = (
    # what a person is, not what follows in law
    re.compile(
        rf"(?i:\b(?:i|we|personally|i'm|im|adv)\b,? (?:do ?n[o']t |don'?t |not |really |just |am "
        rf"|personally |also ){{0,2}}"
        rf"(?:think|thinks|believe|suspect|reckon|feel|doubt|wonder|sure|convinced|get the (?:feeling"
        rf"|impression))\b)(?i:.{{0,12}}?)"
        rf"\b(?i:(?:that |if |whether )?)(?:(?i:he|she|they|{_CL}|his|her|their)\b|[A-Z][a-z]+)"
        r"(?!(?i:.{0,25}\b(?:entitled|eligible|qualif\w+|appl(?:y|ies)|claim|case|grounds|appeal|should"
        r"|could|can|needs?|must|has to"
        r"|will get|would get|deadline|award\w*|due|protected|in priority)\b))"
    ),
    _any(
        r"\bpersonal(?:ly)?,? (?:view|opinion|think|feel|doubt|i\b)|\bmy (?:own |personal |honest )?(?:view"
        r"|opinion|feeling|hunch|gut|impression)\b",
        r"\b(?:is |was |'s |be |probably |obviously |clearly )(?:lying|fibbing|making (?:it|this|things) up"
        r"|exaggerating|playing the system)\b",
        r"\b(?:is|was|'s) (?:a )?(?:liar|chancer|fantasist|time[- ]?waster|nightmare|pain|trying it on"
        r"|taking the (?:mick|piss|p))\b",
        r"\b(?:story|account|version|figures|tale|it)\b.{0,20}\b(?:does ?n[o']t|doesn't|doesnt|don'?t"
        r"|not) (?:add up|stack up|ring true|make sense|wash)\b",
        r"\bnot (?:very |entirely |wholly |v |that )?(?:credible|genuine|honest|truthful|straight"
        r"|convincing|convinced)\b",
        r"\bdon'?t (?:really |quite |entirely )?believe (?:a word|him|her|them|cl|this|it)\b"
        r"|\bnot sure i believe\b|\bdodgy\b|\bsob story\b|\bfishy\b",
        r"\bwould ?n'?t fancy\b|\bno (?:real )?hope of winning\b|\bhopeless case\b|\bweak (?:case|witness"
        r"|on)\b|\bpoor witness\b|\bbad witness\b",
        r"\b(?:is|are|'s) (?:only )?after (?:the|his|her|their) (?:house|money|inheritance)\b"
        r"|\bcredibility\b(?! (?:findings?|assess\w*|points?|interview))|\bhiding something\b"
        r"|\bnot telling (?:us|me)"
        r" (?:everything|the (?:whole )?truth|all)\b|\b(?:holding|keeping) something back\b",
        r"\bnot sure (?:that )?(?:he|she|they|cl|ct|client) (?:followed|understood|took|is (?:being"
        r"|telling)|was (?:being|telling)|gets)\b",
        rf"\b(?:query|\?|doubts? (?:about|re)|concerns? (?:about|re)|question(?:s|able)?) ?(?:{_CL}'?s? "
        rf"|his |her |mental )?(?:capacity|honesty|motives?|truth)\b",
    ),
)
REMARK = (
    _any(
        r"\b(?:smell(?:s|ed|t|ing)?|stinks?|stank|reek(?:s|ed|ing)?|whiff)\b(?! (?:of |from |like )?(?:the "
        r"|a )?(?:damp|mould|gas|sewage|drains?|smoke|burning|chemicals?"
        r"|leak))(?=.{0,20}\b(?:drink|alcohol|booze|beer|wine|vodka|weed|cannabis|dope|urine|wee|bo|b\.o)\b"
        r"|\W*(?:again\b|$|[,;.-]))",
        rf"\b(?:{_CL}|he|she|they|was|seemed|appeared|looked|seems|appears|looks|across as|possibly|clearly"
        rf"|obviously|bit|very|v)\b (?:\w+ ){{0,2}}(?:drunk|tipsy|intoxicated"
        r"|under the influence|stoned|high as|hung ?over|unkempt|dishevelled|scruffy|shifty|evasive|cagey"
        r"|hoarder|hysterical|paranoid|unhinged|obnoxious|creepy"
        r"|manipulative|attention[- ]seeking|chaotic|smelly|dim|slow|thick|clueless|away with the fairies"
        r"|not all there|on something)\b",
        rf"\b(?:{_CL}|he|she|they) (?:is |was |can be |got |gets |being |seemed |v |very |quite |rather "
        rf"|a bit |so |really |extremely |always |again ){{1,3}}(?:difficult|rude|aggressive"
        r"|abusive|demanding|vague|hostile|annoying|tearful again|hard work|needy|moody|stroppy|shouty"
        r"|confused at times)\b(?! to (?:reach|contact|prove|pay|manage))",
        r"\bkeep (?:an )?eye on (?:this|him|her|them|cl|it)\b|\bwatch this one\b|\b(?:be )?careful (?:re"
        r"|with|around) (?:this|him|her|cl|private)\b",
    ),
)
SELF = (_any(r"\b(?:note )?to self\b|\bnts\b|\bmemo to me\b"),)
OTHER_CLIENT = _any(
    r"\b(?:other|another|different|wrong|diff) (?:client|cl|ct|clt)(?:'s|s'|s)?\b(?! account)",
    r"\b(?:is|are|was|'s|he's|she's)(?: also)? (?:a |my |our |one of (?:our|my) )(?:other )?(?:client"
    r"|cl)s?\b(?: too| as well| of ours)?",
    r"\b(?:client|cl) of (?:ours|mine)\b|\bon our books\b|\b(?:is|are) (?:ours|mine) too\b|\b(?:my"
    r"|our) (?:client|cl) (?:too|as well)\b",
    r"\bsaw\b.{0,40}\b(?:in too|as well|in here too)\b|\bnamesake\b|\bsame name (?:as|but)\b|\bnot (?:this"
    r"|our) (?:client|cl|case)\b|\bwrong file\b",
    r"\bother (?:mr|mrs|ms|miss)\b|\b(?:case|file) (?:no\.?|number|ref) \S{3,20} (?:is|belongs)\b"
    r"|\bunrelated (?:case|matter|client)\b",
    r"\b(?:told|said) (?:him|her|them|cl) (?:we |i )?(?:can'?t|cannot|could ?n'?t) discuss\b",
    r"\balso (?:seeing|coming to|helped by) us\b|\bmisfiled\b|\bbelongs (?:on|in) (?:another|a different)\b",
)
THIRD_PERSON = _any(
    r"\b(?:his|her|their|cl'?s|client'?s|the|[a-z]+'s)? ?(?:wife|husband|partner|ex(?:-\w+)?|son|daughter"
    r"|mum|mother|dad|father|sister|brother|neighbour(?:'s \w+)?"
    r"|friend|flatmate|housemate|niece|nephew|uncle|aunt|colleague|landlord|ll|boss|manager|mate|lodger"
    r"|boyfriend|girlfriend|step\w+|cousin)\b"
)
SECRET_OF = _any(
    r"\balcoholic\b|\balcohol (?:problem|misuse|abuse)|\bdrink(?:s|ing)? (?:heavily|problem|too much|again)"
    r"|\ba drinker\b|\bdrug|\baddict|\bheroin\b|\bcocaine\b"
    r"|\bcannabis\b|\bcrack\b|\bgambl(?:es|er|ing)\b|\bdementia\b|\bHIV\b|\bsuicid|\bself[- ]harm"
    r"|\boverdose|\bsectioned\b|\bbipolar\b|\bschizo|\bpsychosis\b",
    r"\baffair\b|\bin prison\b|\binside for\b|\bjust out of prison\b|\bconvicted\b|\brehab\b|\babortion\b"
    r"|\bmiscarr|\bSTI\b|\billegal(?:ly)?\b|\boverstay|\bundocumented\b"
    r"|\b(?:benefit )?fraud\b|\bcash[- ]in[- ]hand\b|\bfiddl(?:es|ing)\b|\b(?:hits|hit|beats|abuses"
    r"|abusing) (?:her|him|them|the)\b|\bbruises?\b|\bis gay\b|\bsocial services involved",
    r"\bdisclosed (?:depress|mental|a )|\bhas an? (?:eating disorder|breakdown)|\bchild protection\b"
    r"|\bon the (?:sex )?offenders?\b|\bterminal(?:ly)?\b",
)


_WHO = (
    rf"(?:{_CL}|he|she|they|wife|husband|partner|ex|mum|mother|dad|father|family|parents|kids|children|son"
    r"|daughter)"
)
BROAD = _any(
    r"\b(?:not|n't|dont|never|nothing|none)\b (?:to )?(?:put|go|be|appear|included?|mention|used?|write)\b"
    r".{0,25}\b(?:in|into|on|onto) (?:any |the |this |our )?(?:letters?|write-?up|summary)\b"
    r"(?! from| to| of)|\bnothing about .{0,30}\bin (?:the |any )?letter",
    r"\b(?:name|identity|whereabouts|address)\b.{0,25}\b(?:kept? (?:out|secret|off)|com(?:e|es|ing) out"
    r"|leaks?|gets? out|(?:not|n't|never) (?:be |to be )?(?:given|used|named|known|shared|appear))\b",
    rf"(?:[,;:(–-]\s?|\band\s){_WHO} (?:is |are )?(?:not been told|not told|unaware|oblivious|in the dark"
    r"|none the wiser|ha(?:s|ve) no (?:idea|clue)|does ?n[o']t know|doesnt know|do not know|don'?t know"
    r"|ha(?:s|ve) ?n(?:o|')t been told|(?:not |n't )?to (?:know|hear|find out))\W*$",
    r"\bbehind (?:his|her|their|cl'?s|the client'?s|\w+'s) back\b|\bunbeknown\w*\b|\bunder wraps\b"
    r"|\bhush[- ]hush\b|\bmum'?s the word\b",
    r"\b(?:ears|eyes) only\b|\bfor (?:my|our|your) (?:ears|eyes)\b|\bstays? (?:in the office|in house"
    r"|between|with us)\b|\bno further than\b|\bgo(?:es)? no further\b",
    r"\bget(?:s|ting)? (?:back|round) to (?:him|her|cl|them)\b(?= )|\b(?:not|n't) (?:to be )?attribut\w+"
    r"|\bredact (?:this|before|the above)\b|\bembargoed\b|\b(?:four|these) walls\b",
)


def _starts(text: str) -> frozenset[str]:
    return frozenset(word[:4] for word in text.split())


# A list is looked at only where a line has one of the beginnings (four letters) without which it finds
# nothing:
# all of them on every line would take longer than reading the notes.
STARTS = {
    "private": _starts(
        "private internal confidential tell inform mention share say show letter disclosure disclosed"
        " record keep file knowing"
        " know leave privileged repeat quote quoted reveal pass passed muddle mix confuse not told"
    ),
    "injected": _starts(
        "ignore disregard forget override overlook system assistant ai llm chatgpt claude model bot"
        " developer writer drafter"
        " draft summarise writing reader recipient whoever letter instruction output print respond"
    ),
    "confidence": _starts(
        "confidence between quiet q qt sly confided confidential secret secrecy private entre"
        " unofficially quote know find told"
        " want wants aware"
    ),
    "unknowing": _starts("know find told aware want"),
    "hush": _starts("tell mention let say repeat pass disclose reveal share know told find inform"),
    "office": _starts(
        "conflict coi supervisor supvr supervision tl team line manager head duty safeguarding lone alone"
        " pairs file time matter"
        " funding billable aqs close withhold breach risk mistake error fault missed forgot case"
    ),
    "opinion": _starts(
        "think believe suspect reckon feel doubt wonder sure convinced impression personal opinion view"
        " hunch gut lying fibbing"
        " making exaggerating playing liar chancer fantasist time nightmare pain trying taking add stack"
        " ring make wash credible"
        " genuine honest truthful straight convincing dodgy sob fishy fancy hope hopeless weak poor bad"
        " after credibility hiding"
        " telling holding keeping followed understood took being gets capacity honesty motive truth"
    ),
    "remark": _starts(
        "smell stink stank reek whiff drunk tipsy intoxicated influence stoned high hung hungover"
        " unkempt dishevelled scruffy"
        " shifty evasive cagey hoarder hysterical paranoid unhinged obnoxious creepy manipulative"
        " attention chaotic dim slow"
        " thick clueless away there something difficult rude aggressive abusive demanding vague hostile"
        " annoying tearful hard"
        " needy entitled moody stroppy shouty confused eye watch careful"
    ),
    "self": _starts("self nts memo"),
    "another": _starts(
        "other another different diff wrong client my our ours mine books saw namesake same file case"
        " misfiled belongs discuss seeing coming helped"
        " unrelated"
    ),
    "broad": _starts(
        "letter writeup write summary name identity whereabouts address told unaware oblivious dark wiser"
        " idea clue know hear find behind unbeknown wraps hush mum ears eyes stay further get gets getting"
        " attributable redact embargoed walls"
    ),
    "third": _starts(
        "alcoholic alcohol drink drinks drinking drug addict heroin cocaine cannabis crack gamble"
        " dementia hiv suicide self"
        " overdose sectioned bipolar schizo psychosis affair prison inside convicted rehab abortion"
        " miscarr sti illegal overstay"
        " undocumented fraud cash fiddles hits hit beats abuses bruise gay social disclosed eating"
        " breakdown child offender"
        " terminal"
    ),
}
