"""Words of advice work that mean the same in a letter, one set a line: the curated part of the ground check.

A line is a set (one that begins with "+" goes on from the line before); its entries are divided by commas,
and an entry of several words is a phrase. Forms of a word (plural, past, "-ing") need not be listed. A set
works both ways. One that begins with "!" denies: each of its entries counts as one negation, so that
"refused" and "did not agree" weigh the same. Sets hold what an adviser would accept in each other's place;
opposites, other periods, other benefits and other creditors are never together. Where a word has two
meanings it is in two sets, and the sets stay apart.
"""

from __future__ import annotations

# Benefits, bodies, law and papers: shorthand and what it stands for.
NAMES = """
uc, universal credit
pip, personal independence payment
esa, employment and support allowance, employment support allowance
jsa, jobseekers allowance, job seekers allowance, jobseeker's allowance
hb, housing benefit
ctr, cts, council tax reduction, council tax support
ctax, c/tax, ct, council tax
cb, chb, child benefit
ca, carers allow, carers allowance, carer's allowance
aa, attendance allowance
dla, disability living allowance
ctc, child tax credit
wtc, working tax credit
dhp, discretionary housing payment
ssp, statutory sick pay, sick pay
smp, statutory maternity pay, maternity pay
lcw, limited capability for work
lcwra, limited capability for work and work related activity, limited capability for work-related activity
wca, work capability assessment
mr, mandatory reconsideration
dwp, department for work and pensions, department of work and pensions
hmrc, hm revenue and customs, revenue and customs
cab, citizens advice, citizens advice bureau
jcp, jobcentre, job centre, jobcentre plus, job centre plus
gp, doctor, dr
ll, landlord, landlady
ha, housing association
la, local authority, council, local council
la, council
ec, early conciliation
acas, advisory conciliation and arbitration service
eha, environmental health
et, employment tribunal
fos, financial ombudsman, financial ombudsman service
iva, individual voluntary arrangement
dro, debt relief order
dmp, debt management plan
ccj, judgment, judgement
ccj, county court judgment, county court judgement
cca, consumer credit act
cra, consumer rights act
ast, assured shorthold tenancy
nosp, notice seeking possession, notice of seeking possession
ntq, notice to quit
po, possession order
nrpf, no recourse to public funds
ni, national insurance
nino, ni number, national insurance number
id, identification, identity, proof of identity
dd, direct debit
so, standing order
cc, credit card
hp, hire purchase
pp, payment plan, repayment plan
i&e, income and expenditure, income and outgoings, budget sheet
sfs, standard financial statement, financial statement, i&e
bs, bank statement
b/s, bank statement
nmw, national minimum wage, minimum wage
nlw, national living wage, living wage
fit note, sick note, med cert, medical certificate, doctor's note, doctors note
p45, p45
p60, p60
ombudsman, ombuds
ea, estate agent
letting agent, letting agency, lettings agency, lettings agent
tds, tenancy deposit scheme, deposit scheme, deposit protection scheme
epc, energy performance certificate
pcn, penalty charge notice
sar, dsar, subject access request
loa, letter of authority, form of authority, authority form
poa, power of attorney
eu, european union
ilr, indefinite leave to remain
euss, eu settlement scheme, settled status
vat, value added tax
section, sect, sec
breathing space, debt respite scheme, debt respite
bailiff, enforcement agent, enforcement officer
foodbank, food bank
food voucher, foodbank voucher, food bank voucher
rent smart, rentsmart
stepchange, step change
ref, reference, reference number, ref number, ref no
acct, acc, account, a/c
"""

# Things, people and states.
THINGS = """
client, cl, clt
adviser, advisor, caseworker, cw, adv
partner, ptnr, other half, boyfriend, girlfriend
husband, spouse, hubby
wife, spouse
ex, ex-partner, former partner, previous partner, expartner
ex-husband, former husband
ex-wife, former wife
mother, mum, mam
father, dad
child, kid, dependant, dependent
child, son
child, daughter
baby, newborn, infant
son, boy
daughter, girl
sibling, brother
parent, mum and dad, mother and father
family, household, relative, relation
friend, mate
neighbour, next door
flatmate, housemate, lodger
employer, er, boss, company, work
boss, manager, line manager, supervisor
colleague, co-worker, coworker, workmate
ee, employee, worker, staff
union, trade union, tu
rep, representative, representation, represent, adviser
solicitor, sol, sols, lawyer, legal adviser
court, ct, county court
tribunal, trib
hearing, court date, court hearing, trial
judge, court
officer, worker, official
agent, agency
creditor, company, lender
insurer, insurance company, ins co
insurance, ins, cover, insured
supplier, energy company, energy supplier, provider, company
trader, seller, shop, dealer, company, store, business
dealer, dealership, garage
builder, contractor, tradesman
hospital, hosp
nurse, health visitor
social worker, sw
police, pol
mp, member of parliament
councillor, cllr
housing, hsg, accommodation, accom
home, house, property, place, accommodation, accom, premises
home, flat, property, place, accommodation, accom, premises
home, address
flat, apartment
room, bedroom, bed
house, home
tenancy, ten, lease, tenancy agreement
tenancy agreement, ta, t/a, tenancy
contract, agreement, written contract, terms
deposit, dep, bond
rent, rental
mortgage, mtge, mtg, home loan
bill, invoice, charge
utility, gas and electricity, energy
electricity, elec, leccy, electric
energy, gas and electric, fuel
meter, prepayment meter, prepay meter, ppm
boiler, heating
heating, heat, central heating
mould, mold, damp
damp, wet, water coming in
leak, water leak, leaking, drip
repair, disrepair, repairs needed
hot water, water
doc, document, paper, paperwork, documentation
paper, paperwork, form
form, application form, frm
questionnaire, form
evidence, proof, supporting evidence, docs, evid, ev, evidence of
evidence, document, paperwork
medical evidence, medical letter, doctor's letter, gp letter
statement, stmt, stmts, stmnt, statements
bank statement, bank stmt, bank stmts, b/s, bs
payslip, pay slip, wage slip, wageslip, p/slip, pay statement
receipt, proof of purchase, rcpt
letter, ltr, correspondence, corresp
notice, ntc
notice, eviction notice, possession notice
report, rpt
decision letter, decision notice, dl
deadline, time limit, last date, due date, final date, latest date, cut off, cut-off
budget, budget sheet, income and expenditure
income, money coming in, inc, earnings
outgoing, expenditure, expense, spending, exp, money going out, costs
savings, saved, capital
debt, money owed, amount owed
loan, borrowing, ln
payday loan, payday
catalogue, catalog
overdraft, od, o/d, overdrawn
balance, amount owed, outstanding
instalment, installment, monthly payment, payment
wage, salary, pay, wages
holiday, annual leave, leave, hol, hols, hol pay
holiday pay, annual leave pay
sick, ill, unwell, off sick, illness, sickness, poorly
illness, condition, health condition, health problem, medical condition
health, medical
disability, disabled, disab
depression, depressed, low mood
anxiety, anxious, anx
mental health, mh, m/h
mobility, moving around, walking
daily living, dl, daily living part, daily living component, daily living element
point, pts, pt
machine, m/c
washing machine, washing m/c
f&f, full and final, full and final settlement
credit agreement, cca
whd, warm home discount
return, back
expire, run out, end, expiry, runs until
mobility, mob, mobility part, mobility component, mobility element
pregnant, pregnancy, expecting, expecting a baby
injury, hurt, injured
medication, meds, medicine, tablet, tablets, prescription
specialist, consultant
homeless, nowhere to live, no home, without a home
car, vehicle, motor
washing machine, washer
phone, mobile, mob, telephone, handset
laptop, computer
sofa, settee, couch
kitchen, kitch
bathroom, bath
goods, item, product
item, thing
order, purchase
website, online, web site, on the internet, site
online, website, internet, web, on the internet, through the website, portal
journal, online journal, uc journal
advice, guidance, info, information, advise
info, information, detail, particulars
option, choice, way forward, possibilities
reason, ground, cause, explanation
ground, because
problem, issue, difficulty, trouble, prob, probs
situation, circumstance, position, circs, circumstances
rate, amount
standard rate, basic rate
amount, sum, figure, money
amt, amount, sum
total, altogether, overall, in all, in total, add up, tot
full, entire, whole, complete, in full
half, 50%
part, partly, partial, some
all, every, each, everything, whole
both, two
any, either
single, alone
alone, on own, by self, on your own, by yourself, on his own, on her own, on their own, on my own, by himself,
+ by herself
married, spouse, marriage
joint, jointly, together, both names, in both names, shared
sole, only, single, just
only, just, solely, no more than, merely
former, previous, ex, old, past, earlier, prior
current, present, now, at the moment, currently, at present, existing
new, latest, further, another, fresh
next, following, coming
last, previous, past, final
final, last
recent, lately, recently, latest
first, initial, 1st
second, 2nd
early, earlier, sooner
late, later
urgent, asap, as soon as possible, quickly, urgently, soon, straight away, immediately, right away,
+ without delay, as soon as you can, as quickly as possible, at once
immediate, straight away, right away
daily, every day, each day
weekly, every week, each week, a week, per week, pw, p/w
monthly, every month, each month, a month, per month, pcm, p/m
annual, yearly, every year, each year, a year, per year, pa, p/a
fortnightly, every two weeks, every fortnight
regular, regularly
often, frequently
sometimes, at times, occasionally
always, all the time
about, approx, approximately, around, roughly, circa, some, ca, in the region of, or so, c
over, more than, above, exceed, in excess of, in excess
under, less than, below, fewer than
least, minimum, min, at least, no less than, not less than
maximum, max, at most, up to, no more than, not more than
nearly, almost, just under
enough, sufficient, adequate
extra, additional, further, more, another, add
more, further, other
other, another, different, else
same, identical
different, other, not the same
separate, apart
able, can, be able to, capable, could
likely, probably, probable, prob
possible, possibly, may, might, could, perhaps, maybe, poss
certain, sure, definite
available, free
ready, prepared
safe, safely, secure, somewhere safe
protect, protected, secure, register, in a scheme
valid, correct, lawful
legal, lawful, law
fair, reasonable
formal, official, formally
written, in writing, letter, by letter
verbal, verbally, by word of mouth, spoken, orally
temporary, temp, short-term, short term, for now
permanent, perm, long-term
full time, ft, f/t, full-time
part time, pt, p/t, part-time
zero hours, zero hour, zero-hours, zhc, zero hours contract
self employed, self-employed, s/e, self employment, own business
retired, pensioner, retirement
pension, pens
student, studying
week, wk
month, mth, mnth
year, yr
hour, hr
minute, min
day, dy
morning, am
afternoon, pm
evening, night
today, now
because, b/c, bc, as, since, due, owing to, reason, as a result
age, aged, years old, yr old, yo, y/o, years of age
between, from
dated, date of, date
w/c, week commencing, week beginning, week starting
regarding, about, re, concerning, relating, to do with, in relation to, with regard to, in respect of
against, with
without, w/o, no
within, inside, in
during, while, in
before, prior, ahead, in advance, beforehand
after, following, once
instead, rather, in place of, alternative
includes, including, such, contain, incl, inc, plus
plus, together with, along with, additional
per, each, a, every, p
nil, zero, nothing, 0, no
correct, right, accurate
good, fine, ok
bad, poor
high, large, big
low, small
cold, freezing
hot, warm
dirty, unclean
dangerous, unsafe, hazard
noise, noisy, loud
number, no, num
place, where
person, people
name, named
address, where you live
purpose, for
behalf, for
emergency, urgent
crisis, emergency
grant, help with money, payment
advance, early payment
top up, top-up
travel, fares, bus fare, transport
food, groceries, shopping
childcare, nursery, child care
school uniform, uniform
clothes, clothing
bankruptcy, bankrupt
insolvency, insolvent
limitation, time limit, statute barred
warrant, wrt
order, court order
judgment, judgement
claim form, form
defence, defend
witness, saw
interest, int
credit, finance
"""
