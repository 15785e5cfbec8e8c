"""Words that stand for one another when a file is asked: what a dictionary of senses does not tie.

A line is a group; a word may be in several. Only for finding and weighing passages.
"""

from __future__ import annotations

_GROUPS = """
claim apply application request
employ work job employer employee hire staff engage
position post job role occupation profession work office
dismiss sack fire redundant terminate contract lose end
construction work building build
issue date serve send publish
offer propose suggest proposal
famous known noted renowned celebrated
special unusual unique distinctive remarkable
document paper payslip statement letter form certificate evidence proof
qualify eligible entitle entitled
handle deal adviser caseworker manage responsible charge
landlord rent let letting lettings tenant lease lessor
repay repayment loan owe instalment refund return
debt owe arrears outstanding behind default balance unpaid
emit give produce release discharge
contain consist comprise include hold compose
ice freeze frozen
population inhabitant people resident live
found establish create start set begin launch origin
design architect plan draw drawn
draw illustrate illustration picture
write author book publish work pen
discover find discovery describe identify
invent invention patent inventor develop
destroy demolish ruin burn wreck devastate
kill die death dead murder
die death dead late deceased bury
born birth native
marry wife husband spouse wedding marriage
win victory winner defeat beat
lead leader command commander head chief govern rule
attack assault invade raid
help assist support aid care
stop end halt cease discontinue close
begin start open commence launch
rise grow increase climb higher
fall drop decline decrease reduce shrink lower cut
cause lead result because due bring reason blame attribute
forbid ban prohibit illegal outlaw disallow
allow permit let licence license consent
refuse reject decline deny turn
accept agree consent
reply answer respond response
contact ring call phone telephone write
complain complaint report grievance ombudsman
illness disease sick ill condition diagnosis suffer
medicine medication tablet drug treatment prescription
doctor gp physician surgeon consultant
hurt injure injury wound
live reside home address house move stay
buy purchase sell acquire
pay payment charge cost fee price bill
earn salary wage income pay
size large big area
height tall high rise altitude elevation
length long mile stretch
distance far away mile
age old year
school attend pupil student education
visit come attend see meet appointment
examine assess inspect see check assessment inspection
look review reconsider reconsideration again
meet meeting appointment conference
letter write written send
teach teacher taught learn study
locate located situated lie stand site base
make produce manufacture build
use employ utilise apply
main chief primary principal major most
disadvantage drawback weakness limitation problem
advantage benefit strength
defend protect guard
hide conceal
feed eat food prey diet
prey enemy hunt eat predator
money fund cash income payment loan
donate give leave bequeath
name call known title
test exam trial examination
vote elect election ballot
law act statute reform bill
court judge tribunal
sentence penalty punishment fine punish
fight battle war conflict
soldier army troop force men
child son daughter boy girl kid baby pupil
parent mother father
husband spouse partner
wife spouse partner
brother sibling
sister sibling
car vehicle van
house home property flat dwelling
damp mould wet
notice letter warning
possess possession evict eviction
expire run end lapse
begin commence
borrow loan lend
suspect believe think accuse
sign signature signed
win award prize
collapse fail bankrupt
cancel write annul quash
deduct deduction take withhold
seek ask want request need
return back
separate separation divorce split
finish complete finished done
replace substitute instead
survive remain last
show exhibit display
restore restoration renovate repair
"""


def _members() -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, line in enumerate(_GROUPS.split("\n")):
        for word in line.split():
            found.setdefault(word, set()).add(number)
    return {word: frozenset(groups) for word, groups in found.items()}


GROUPS = _members()
