"""Ordinary words of letters that state nothing by themselves: a sentence may add a few of them.

They are added beside words that the line has (``ground_added`` says how many), never as a part of their own.
No act with consequences is among them, no outcome, decision, status, degree, quantity, party, relative,
feeling, benefit, debt, time relation or manner of sending: those need a word of the line. A word that is in
no list at all weighs like those.
"""

from __future__ import annotations

from casewright.notes.words import listed

_LINKS = """
    namely accordingly hence thus thereby therein thereof herewith hereby whereby moreover additionally
    besides furthermore alongside along together forward forwards onwards meanwhile meantime otherwise
    respectively simply kindly thereafter therefrom accordance according account whereas while whilst apart
    aside instead rather particular following above below addition view light order effect favour regards
"""
_MATTERS = """
    matter thing point aspect topic subject item piece part section issue question query case situation
    circumstance position detail information content particulars background context fact basis ground reason
    purpose aim way means manner method process procedure step stage phase course kind type sort category
    range example list entry line heading title name term condition area field side version copy form
    document paper letter paperwork details summary description explanation note notes difference
"""
_FIGURES = """
    amount sum figure total number rate level price cost quantity value date day time hour period length
    duration start beginning point moment occasion reference balance share
"""
_TALK = """
    contact communication correspondence conversation discussion meeting session talk message reply response
    answer request enquiry inquiry update progress result outcome view opinion statement comment remark
    mention reference regard connection respect relation attention word
"""
_BODIES = """
    team department organisation body group section unit member
"""
_BEING = """
    concern relate regard involve include contain consist comprise apply cover run last become count appear
    remain turn look lie stand exist belong refer follow continue arise occur happen begin start amount
    equal total mean represent reflect arrive reach
"""
_DOING = """
    base obtain provide supply make prepare arrange carry handle deal treat bring hold set lay place put
    find show name mark call describe list ask mention state note see look ensure include attach enclose
    raise pass quote run work act
"""
# Of the words above, those that weigh after all: what they can state is more than a link.
_NOT = listed("work call act pass raise condition share order arrive reach favour")

HARMLESS = (
    listed(_LINKS) | listed(_MATTERS) | listed(_FIGURES) | listed(_TALK) | listed(_BODIES)
    | listed(_BEING) | listed(_DOING)
) - _NOT  # fmt: skip
# Kinds of things and the plainest doings. One of them may be added to a sentence that has all of its line and
# adds nothing else, but not as a manner ("by text"), nor as a doing that is done ("you got").
GENERAL = listed(
    """
    debt contract application arrangement agreement company firm website event problem trouble
    difficulty supplier provider scheme equipment option people person child property address use way
    item thing money information copy support advice help step result reason answer reply household
    house home agency service bill cost charge instalment sheet goods product text message call figure
    proof conversation discussion look bring show put find list ask check see make try give get come go
    leave start run turn reach arrive meet cover do say describe explain mention state note add include
    during relevant respond refer follow proceed
    need want happen concern relate involve far same away along round down actually really simply
    """
)
# What a sentence is tied together with; it adds nothing, however many there are.
TIES = listed(
    """
    a an the this that these those it its itself there here which who whom whose what where how why so too
    very also then than either however therefore although though once while well such own one each as
    if when you your we us our i me my him her them they he she at our meeting met thank thanks please dear
    kindly regards someone somebody something anything anyone anybody somewhere currently now still already
    yet just even any behalf today means during
    """
)
