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
partner, ptnr, other half, boyfriend, girlfriend
ex, ex-partner, former partner, previous partner, expartner
ex-husband, former husband
ex-wife, former wife
parent, mum and dad, mother and father
neighbour, next door
boss, manager, line manager, supervisor
union, trade union, tu
solicitor, sol, sols, lawyer, legal adviser
court, ct, county court
hearing, court date, court hearing, trial
insurer, insurance company, ins co
supplier, energy company, energy supplier, provider, company
nurse, health visitor
social worker, sw
mp, member of parliament
tenancy, ten, lease, tenancy agreement
tenancy agreement, ta, t/a, tenancy
contract, agreement, written contract, terms
mortgage, mtge, mtg, home loan
utility, gas and electricity, energy
energy, gas and electric, fuel
meter, prepayment meter, prepay meter, ppm
heating, heat, central heating
damp, wet, water coming in
leak, water leak, leaking, drip
repair, disrepair, repairs needed
hot water, water
form, application form, frm
evidence, proof, supporting evidence, docs, evid, ev, evidence of
medical evidence, medical letter, doctor's letter, gp letter
bank statement, bank stmt, bank stmts, b/s, bs
payslip, pay slip, wage slip, wageslip, p/slip, pay statement
receipt, proof of purchase, rcpt
notice, eviction notice, possession notice
decision letter, decision notice, dl
deadline, time limit, last date, due date, final date, latest date, cut off, cut-off
budget, budget sheet, income and expenditure
income, money coming in, inc, earnings
outgoing, expenditure, expense, spending, exp, money going out, costs
debt, money owed, amount owed
payday loan, payday
balance, amount owed, outstanding
instalment, installment, monthly payment, payment
holiday, annual leave, leave, hol, hols, hol pay
holiday pay, annual leave pay
sick, ill, unwell, off sick, illness, sickness, poorly
illness, condition, health condition, health problem, medical condition
depression, depressed, low mood
mental health, mh, m/h
mobility, moving around, walking
daily living, dl, daily living part, daily living component, daily living element
washing machine, washing m/c
f&f, full and final, full and final settlement
credit agreement, cca
whd, warm home discount
expire, run out, end, expiry, runs until
mobility, mob, mobility part, mobility component, mobility element
pregnant, pregnancy, expecting, expecting a baby
homeless, nowhere to live, no home, without a home
washing machine, washer
website, online, web site, on the internet, site
online, website, internet, web, on the internet, through the website, portal
journal, online journal, uc journal
option, choice, way forward, possibilities
standard rate, basic rate
total, altogether, overall, in all, in total, add up, tot
full, entire, whole, complete, in full
all, every, each, everything, whole
alone, on own, by self, on your own, by yourself, on his own, on her own, on their own, on my own, by himself,
+ by herself
joint, jointly, together, both names, in both names, shared
only, just, solely, no more than, merely
current, present, now, at the moment, currently, at present, existing
first, initial, 1st
urgent, asap, as soon as possible, quickly, urgently, soon, straight away, immediately, right away,
+ without delay, as soon as you can, as quickly as possible, at once
immediate, straight away, right away
daily, every day, each day
weekly, every week, each week, a week, per week, pw, p/w
monthly, every month, each month, a month, per month, pcm, p/m
annual, yearly, every year, each year, a year, per year, pa, p/a
fortnightly, every two weeks, every fortnight
sometimes, at times, occasionally
always, all the time
about, approx, approximately, around, roughly, circa, some, ca, in the region of, or so, c
over, more than, above, exceed, in excess of, in excess
under, less than, below, fewer than
least, minimum, min, at least, no less than, not less than
maximum, max, at most, up to, no more than, not more than
nearly, almost, just under
different, other, not the same
able, can, be able to, capable, could
safe, safely, secure, somewhere safe
protect, protected, secure, register, in a scheme
written, in writing, letter, by letter
verbal, verbally, by word of mouth, spoken, orally
temporary, temp, short-term, short term, for now
full time, ft, f/t, full-time
part time, pt, p/t, part-time
zero hours, zero hour, zero-hours, zhc, zero hours contract
self employed, self-employed, s/e, self employment, own business
because, b/c, bc, as, since, due, owing to, reason, as a result
age, aged, years old, yr old, yo, y/o, years of age
dated, date of, date
w/c, week commencing, week beginning, week starting
regarding, about, re, concerning, relating, to do with, in relation to, with regard to, in respect of
without, w/o, no
before, prior, ahead, in advance, beforehand
instead, rather, in place of, alternative
plus, together with, along with, additional
per, each, a, every, p
nil, zero, nothing, 0, no
number, no, num
address, where you live
grant, help with money, payment
advance, early payment
top up, top-up
travel, fares, bus fare, transport
childcare, nursery, child care
school uniform, uniform
limitation, time limit, statute barred
order, court order
claim form, form
"""
