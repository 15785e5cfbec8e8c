"""Words by kind, so that the classifier of private lines knows a wording it never saw by what it is about.

One letter a kind; a word that ends in "*" stands for all words that begin so.
"""

from __future__ import annotations

from functools import lru_cache

_KINDS: dict[str, str] = {
    # the adviser and the adviser's own mind
    "I": "i i'm im i've ive i'd id me my mine myself we we've we'd our us adviser personally imo imho"
    " tbh fwiw"
    " frankly honestly hunch gut impression instinct",
    # the client
    "C": "cl cl's client clt ct he she him her his they them their he's she's hes shes client's",
    "R": "wife husband partner ex spouse son sons daughter mum mother dad father sister brother aunt uncle"
    " neighbour* friend* flatmate housemate niece nephew cousin grand* lodger mate boyfriend girlfriend"
    " step* family kids child children lad mam nan parents fiance* in-law bf gf hubby missus bloke lover baby"
    " toddler teenager siblings twin widow*",
    "U": "ll landlord manager boss employer officer agent agent's hr council coach solicitor nurse gp doctor"
    " consultant warden worker colleague* receptionist clerk bailiff probation pastor caretaker police"
    " teacher"
    " headteacher bursar secretary counsellor midwife therapist priest imam vicar shopkeeper director"
    " foreman",
    "O": "supervis* trustee* funder* insurer* caseload reception dpo coi conflict audit* negligen* targets"
    " kpi budget billing billable declare colleague volunteers ceo stats timesheet appraisal outcome"
    " case-study comms laa lsc aqs complainant workload",
    "T": "told tell says said rang phoned whisper* hint* slip mention* confid* disclos* admit* let-slip"
    " tipped"
    " emailed texted messaged reveal* divulg* leak* heard hear rumour* gossip* apparently overheard",
    # keeping a thing from somebody
    "K": "confidence confidential* secret* quiet hush private privately repeat* attribut* unattributable"
    " ears wraps"
    " wrap between redact* withhold* withheld unaware unbeknown* anonym* embargo* discreet* sly promise*"
    " swore sworn undisclosed unofficial* record behind back knowledge identif* breathe hidden conceal*"
    " hiding sensitive further trace* dark oblivious entre nous quote quoted undercover hide hides"
    " under-wraps blab",
    # keeping a thing out of the letter
    "L": "letter letters omit* exclude* include included writeup write-up copy file onward transmission"
    " forward leave out eyes disclosure internal priv conf strike erase delete sending writing summary",
    "F": "liar lying lies fib* chancer shift* rude aggressive arrogant lazy greedy devious sly slippery"
    " stupid dim"
    " thick needy clingy paranoid hysteric* theatric* drama* unpleasant creepy hostile moody vague evasive"
    " scruffy dirty filthy smelly childish naive gullible stubborn bossy pushy manipulat* chaotic"
    " hopeless useless odd oddball weird strange nightmare exhausting tiresome ungrateful workshy obsessive"
    " delusion* crook bully moaner moans timewaster fantasist handful victim feckless charm* flirt* bless"
    " cocky rambl* awkward demanding argumentative stroppy difficult intimidat* entitled attitude"
    " simple foolish daft silly bonkers crazy mad loony nuts racist pain idle scroung* sponger"
    " sneaky cunning dishonest untrustworthy unreliable cagey secretive cold lovely likeable unlikeable"
    " annoying irritating tedious chatty bolshy volatile temper kicks snappy snobby rant* rude"
    " rubbish useless condescending patronis* uncooperative ashamed pathetic",
    "D": "believ* disbel* convinc* doubt* suspect suspicious sceptic* trust truth truthful honest credib*"
    " plausib* fishy dodgy reckon* bet guess wonder* story yarn exaggerat* embellish* fak* faked"
    " rehears* coach*"
    " salt buy buying swallow stack guilty invent* fabricat* made-up convenient* cynical pretend* milking"
    " contradict* inconsisten* reservations persuaded feel feeling think thinks thought sure hmm forged"
    " fib fooled fools conning kidding motive* genuine feigned playing",
    "H": "cancer dementia alzheimer* hiv aids suicid* self-harm* depress* bipolar schizo* psychosis"
    " psychotic chemo"
    " terminal* dying stroke breakdown miscarr* abortion termination ivf pregnant antidepress*"
    " anorex* bulimi* diagnos* prognos* tumour overdose* sectioned ill illness ptsd std sti hep"
    " infertil* vasectomy parkinson* ms depression epilep* autis* mental relapse* meds",
    "Z": "affair cheat* prison inside jail convict* arrest* drug* heroin cocaine crack cannabis weed"
    " dealer dealing"
    " addict* alcoholic alcohol drink drinks drinking drinker bottle booze gambl* bet gay lesbian trans"
    " transitioning illegal* overstay* undocumented visa asylum papers fraud fiddl* cash-in-hand stole"
    " steal* thief theft violent hits hit beat* abus* rape* assault* refuge bankrupt rehab tag wanted gbh"
    " adopted paternity bruis* divorc* leaving separated porn escort prostitut* loanshark gang pills"
    " gear using shoplift* knife",
    "S": "smell* smelt stank stink* reek* drunk tipsy stoned hungover hygiene unkempt breath slur*"
    " glazed spaced"
    " unwashed whiff sweat* dishevelled dirty shaking twitchy wasted pissed",
    "G": "safeguard* marac neglect* coerc* controlling protection welfare thin marks capacity vulnerab*"
    " concern* worried worry harm unsafe grooming exploit* cuckoo* fear* scared unborn flinch*",
    "A": "ai assistant llm gpt chatgpt chatbot bot model system prompt software drafter writer summaris*"
    " generat*"
    " output instruct* override disregard ignore ignor* forget copilot program automated append insert"
    " tool machine respond hidden pretend claude gemini reader drafting",
    "X": "another other different diff unrelated separate wrong else's belongs mixed mix namesake ours"
    " also too"
    " identical misfiled confuse muddle muddled btw p.s elsewhere upstairs downstairs another's other's"
    " besides meanwhile oops pasted crossed",
    "M": "client clients file files case cases caseload matter meeting appt hearing claim notes session",
    "W": "lose loser losing dud merits prospects hopeless weak fail chance chances slim win winnable succeed"
    " legs straws odds doomed nil 50/50",
    "N": "not don't dont do-not never no n't won't wouldn't can't cannot mustn't shouldn't doesn't isn't"
    " hasn't"
    " haven't didn't nothing nobody none without isnt doesnt cant wont hasnt havent didnt mustnt nor",
    "E": "explained advised adv'd told-her discussed expl'd disc'd agreed consent consented consents signed",
}
_WHOLE: dict[str, str] = {}
_BEGIN: dict[str, str] = {}
for _kind, _words in _KINDS.items():
    for _word in _words.split():
        _table = _BEGIN if _word.endswith("*") else _WHOLE
        _table[_word.rstrip("*")] = _table.get(_word.rstrip("*"), "") + _kind


@lru_cache(maxsize=20_000)
def kinds(word: str) -> str:
    """The kinds a word in small letters is of, a letter each; empty if of none."""
    found = _WHOLE.get(word, "")
    for size in range(3, len(word) + 1):
        found += _BEGIN.get(word[:size], "")
    return found
