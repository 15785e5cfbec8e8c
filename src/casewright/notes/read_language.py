"""Whether a line is in English, as a hint: by its script, its little words and its marked letters.

A detector of languages was not taken: on a line of eight words of shorthand it guesses. Only what is plainly
another language is called so, and nothing depends on which one it is.
"""

from __future__ import annotations

import re
from typing import Literal

from casewright.notes.words import listed

Language = Literal["en", "other"]

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
# Little words of Welsh, Polish, Romanian, Spanish, Portuguese, French, Italian, German, Dutch, Turkish,
# Somali,
# Albanian, Lithuanian, Hungarian, Czech and Swahili, without those that English or advisers' shorthand have
# too.
_OTHER = listed(
    """
    mae yn wedi nid oes ddim gyda eich fy ei dydy ydy roedd bydd gan hynny rhaid arian gwaith llythyr diolch
    mai'r i'r
    nie jest się że na do przez dla jak ale był była są mam proszę dziękuję może pracy tylko już pieniądze
    listu
    nu este sunt și să pentru care din cu mai dar banii chirie trebuie vă am primit scrisoare nici
    el los las una por para con que está pero muy más debe tiene quiere carta pagar dinero del al su mi ella
    alquiler
    não sim uma com você está mas foi são tem dos da pela aluguel
    le les des une est pas pour dans avec qui sur je vous nous elle mais lettre payer loyer il du sont ont
    cette ne
    il della di che non per sono ha una gli affitto lettera anche nel ho
    der das und ist nicht ein eine ich sie mit für auf von zu den dem wir hat haben miete brief bitte aber
    auch noch
    het een niet ik van voor met zijn maar ook wij huur heeft
    bir ve bu için değil ben çok var yok ama daha kira olarak
    waa iyo ma oo inuu waxaan ka ku wuxuu laakiin
    është dhe një për nuk me të qira por
    yra ir kad bet neturi nuoma aš
    és nem egy hogy az van lakbér
    že jsem jsou ale není nájem
    na ya kwa ni hakuna lakini nimepata
    """
) - listed(
    "do a me no to on in or am an was die so la me van ha per mi al le da ma ni will been the con por"
    " mit ja us"
)
_ENGLISH = listed(
    """
    the and is to of in for on at by with from not has have had was were are be been will would can could
    should must
    he she they his her their we our you your it its this that there who which what when if but or as so
    about told
    says said cl client ll adv re ref rent debt arrears letter form send call pay owes owed council court
    landlord
    tenancy due week month advised check bring appt hearing appeal benefit claim paid no yes do did does an a
    i my
    """
)
_MARKED = re.compile(r"[ąęłńśźżćșțăâîğışçñãõßøåæœěřůčšžőűëéèêàùûôïüöäŵŷ]")
_LATIN_END = 0x250


def language_of(text: str) -> Language:
    """Read “other” where a line is plainly not in English; "en" in every other case."""
    if not text.isascii():
        letters = [char for char in text if char.isalpha()]
        foreign = sum(ord(char) >= _LATIN_END for char in letters)
        if foreign * 2 > len(letters):
            return "other"
    words = _WORD.findall(text[:600].lower())
    english = other = 0
    for word in words:
        if word in _ENGLISH:
            english += 1
        elif word in _OTHER:
            other += 1
    if not text.isascii():
        # a name in capitals may be marked in an English line
        other += sum(1 for word in text[:600].split() if word[:1].islower() and _MARKED.search(word))
    return "other" if other >= 2 and other > english and other * 5 >= len(words) else "en"
