"""What a line supports beyond its own words: ``cues : words``, divided by semicolons.

A line that has one of the cues (of each group, where ``&`` joins several) may be told with these words, as
"s21" with "possession" and "landlord", or "hearing 14 July" with "take place". A doing is given for the form
in which it stands: "pay" is not "paid". Cues in angle brackets are what a line has besides words: a sum, a
figure, a part without a doing (``<bare>``), and the section that the sentence stands in.
"""

from __future__ import annotations

RULES = """
mr, appeal, complain, complaint, letter, ltr, write, grievance, review, s202, submission & <actions> : argue
cite state explain stress; form & <bare> & <actions> : complete fill; pa4 : assessment report; <up> : rise
increase up; <down> : fall drop reduce decrease cut down; be in : home; there : present; s184 : decision;
sp, pension, wages, salary & only : income; sign & authority : form; <quote> : refer; say, says, said,
think, claim, claims, reckon, tell, argue, <quote> : say state call describe put down rely believe claim
argue; per : say tell state view; <?> : discuss talk whether about ask check sure unsure know; anxious,
anxiety, worried, worry, stress, stressed, depressed, low, scared, upset, embarrassed, ashamed, lonely,
tired, exhausted, angry, frustrated, overwhelmed, panic, guilty, nervous, confident, hopeful, relieved :
feel; while : same time; fee, help, discount, advice, support, time, remission : get; <span> & have, give,
within, limit, got : respond reply answer act; <not> & <by> : arrive come receive; short, down, without,
nothing, less : leave; deadlock, agreement, decision, settlement, deal, target : reach; zero, zero hours,
zero hour : contract; scam, otp, passcode, password, pin, threw, chuck, sold, turn, sent : away; <from> &
<actions> : use; <=> : use be mean amount come total; s13, rent increase, rent up : landlord; <in> & <by> :
do make arrive; fail, faulty, gone, broke, broken, packed up : stop work; <quote> : call called; tell, ask,
warn, advise : know; <list> : both; <span> & son, daughter, child, baby, kid : old; rejecting, reject :
right; after : afterwards later; <not> : let; can, could : allowed able entitled; back & <sum> : repay
return pay recover; should : ought; win, won, lost, lose : case <sum> : amount sum total figure money cost
price worth come stand value; <sum> <percent> <number> & <bare> & <matters> : come stand total amount be
cost last cover; rent, bill, tax, ctax, mortgage, instalment, subscription, childcare, maintenance, premium,
insurance, phone, discount, deal, tariff, broadband, gym, licence, food, travel, fares, nursery & <sum> &
<bare> & <matters> : pay cost; rent, bill, service charge & <sum> : charge pay payment; arrears, debt, loan,
card, cc, barclaycard, mastercard, amex, catalogue, overdraft, overdrawn, outstanding, bal, balance, water,
ctax, gas, electric, energy, bill, behind, creditor, dmp, cr, cards & <matters> : owe debt arrears
outstanding balance account money; <sum> & <to> & <bare> & <matters> : owe; <sum> & <from> & <bare> &
<matters> : buy bought; <plus> : top addition plus together extra; limitation, acknowledge, statute barred :
debt; <sum> & <list> & <matters> : owe debt creditor; loan, payday, borrowed, lent, lender : borrow lend
loan owe lender money; debt, creditor : account; credit, card, cr : credit card owe account; payment,
instalment, pymt, pay, offer, plan, repay, repayment, vary & <sum> : payment instalment pay money; vary :
payment ask; by card, with card, cash, bank transfer, transfer, finance : pay paid payment money; deposit &
by card, cash, transfer : paid; up front, upfront, in advance : pay paid advance; dd, direct debit, standing
order : bank pay payment account take set money; i&e, sfs, budget : money income spending outgoing financial
statement budget sheet household; fee, cost, charge, charges : charge cost fee; free, no fee : charge cost
pay; less, minus : after; advance : repay advance benefit; refund, refunded : back refund; deduct, deducted,
deduction, docked, took, takes : pay wage money; ccj, judgment : county judgment; cca : copy consumer;
default : notice account credit; bankruptcy, bankrupt : bankrupt go become bankruptcy; iva : voluntary;
breathing space : debt moratorium creditor; bailiff, bailiffs, enforcement agent : enforcement agent home
visit goods; bailiff, bailiffs : door; let in, let bailiffs in : home door; visit, visited, came, called
round : home; warrant, liability order, charging order : court order obtain; liability order : tax council
court; interest : debt account; interest, freeze, hold : account; quote, quoted : pay repair; scam, scammed,
fraud & <sum> : lost lose; token, instalment, payment, plan, pymts, n245 & <ours> : offer propose; savings,
capital, premium bonds : money save hold; credit union : account; overdraft, overdrawn : bank account;
meter, smart meter, reading : energy meter supply; tariff : energy; top up : meter credit; hp, finance :
payment; write off : debt; f&f : settlement offer settle; offer, offered, settlement, settle : settle offer
settlement sum; fine, pcn, penalty : fine penalty pay charge; wages, salary, pay, payslip : pay earn wage
employer; earn, earns, wage, hourly, hrs, hours : earn pay work wage; tips : pay; gambling : money; uc, pip,
esa, jsa, hb, ctr, ctc, wtc, ca, aa, dla, cb, pension credit, pc, dhp, ssp, smp, whd, benefit, bens,
pension, lcwra, tax credits : benefit claim payment allowance award entitlement; uc, pip, esa, jsa, hb, ctr,
ctc, wtc, ca, aa, dla, cb, pension credit, pc, dhp, ssp, smp, benefit, pension & <bare> & <matters> :
receive get have; uc, pip, esa, jsa, hb, ctr, ctc, wtc, ca, aa, dla, cb, pension credit, pc, dhp, ssp, smp,
pension & <sum> & <matters> : receive get; gets, receives, on & uc, pip, esa, jsa, hb, ctr, ca, aa, dla, cb,
pension, benefit : receive get claim; claim, claimed, applied, application, apply, reapply : application
apply claim form process make submit; award, awarded : letter; entitled, eligible : right claim; pip, dla :
point component part; score, scored, pts, points, pt : point score give award; pip, wca, assessment :
assessment point assess; mr : again ask request; mr, appeal, review, challenge : decision; review : decision
request ask look again; appeal, trib, tribunal, hearing : tribunal hearing decision appeal panel case;
overpaid, overpayment : benefit payment back; wca, lcw, lcwra, esa50, uc50 : form questionnaire assessment
health capability work; pip2, sscs1, ds1500, n245, n244, n9, et1, form, esa50, uc50, hc1, hc2 : form
application; n245, n244 : court payment; journal : entry universal credit post; occupational health, oh, gp,
physio, dentist, clinic, hospital, consultant : appointment appt appts; pls, plse, please & <matters> : like
want ask; bailiff, bailiffs : collect; joint, jointly & debt, loan, card, account, bill : liable; <span> &
reply, respond, response, answer, act : allow; jobcentre, work coach, wc, dwp : appointment coach; fit note,
sick note, gp : doctor certificate; nino, ni : national insurance number; backdate, backdated : date payment
claim; carer, cares, caring : care look carer; stopped, suspended, stop : payment benefit; decision, dec,
refused, turned down : decision decide application claim; evidence, letter, gp letter : support evidence
letter; hardship : payment; childcare : cost; diary, log : keep write; bad days : day; partner & uc, esa,
claim : joint; lodger : live; better-off calc, better off, calc : calculation whether result work; whd :
bill; foodbank : parcel; blue badge, bus pass : apply card; council tax, ctax : bill; exempt, exemption :
discount; dhp : help; s21, s8, nosp, ntq, section 21, section 8 : notice possession landlord section;
notice, s21, s8, ntq : notice period; po, possession order : court possession home property order;
possession, evict, eviction, evicted : home property; possession, n5b, n11 : claim court; deposit : tenancy
scheme; tds, deposit scheme : protect deposit scheme; disrepair, mould, damp, leak, leaks, boiler, heating,
repair, repairs, broken : repair problem home property condition fault work; photo, photos, pics : take;
ast, tenancy, ta : agreement home tenancy; rent, tenant, tenancy, ll, landlord : property home tenancy rent;
flat, house, room : property live; homeless, s184, s202, priority need, prevention duty, relief duty :
homelessness application decision duty; s202, review : request review decision; temp accom, b&b, hostel :
accommodation stay; bid, bids, bidding : property home register; hearing, trial, court, trib, tribunal :
attend court date case due list hearing before; hearing, trial, appt, mtg, meeting, interview, assessment,
disciplinary, class, eviction, inspection, viewing, visit, trib, tribunal, court & <bare> : take place hold
held be due attend schedule; agent, fenwick : agent letting; asb, noise : neighbour problem report; keys :
return give; locks : change; s202, s184 : section; defence : form court; sign, signed, tenancy : agreement
sign; move, moved, moving : home; asked to leave, told to leave : home; periodic, fixed term, shorthold :
tenancy; ast, moved in, moved, moving : property home; gp, hospital & records, letter, evidence, notes :
medical; epc, gsc, gas safety : certificate safety; rsc : rent; arrears & rent : rent; job, hours, hrs,
shift, shifts, contract, zero, nights, employed, employer, er, worked, works, rota, agency, p45, <hours> :
work job employment; <hours> : week hour; sacked, dismissed, redundant, redundancy, laid off, let go,
resigned, job : job employer employment work; disciplinary, grievance : employer process procedure meeting
hearing matter; acas, ec : early process; et, et1, tribunal, unfair dismissal : tribunal claim employment;
notice pay, hol pay, wages, payslip, p45, deduction, deductions, overtime, holiday pay, nmw : employer pay
employment; tips, commission, bonus : pay; contract : employment contract written; union : trade; er,
employer, boss, mgr, manager : work employer; sick, off sick, ill : work absence sick; pregnant, due : baby;
less, minus : time limit; notice : period give; hr : department; appeal & dismissed, sacked, disciplinary,
warning : decision dismissal; schedule of loss : calculate; time limit, deadline, limitation : claim limit;
discrimination, race, disability : treat; schools, school, nursery : child; s75, section 75 : credit card
claim section; garage, dealer, car, gearbox, engine, mot, clutch : vehicle repair car garage; refund,
faulty, broken, returned, replacement : item goods product refund; ordered, order, bought, delivery, come,
arrived : order item deliver goods arrive come delivered; ordered, bought, paid, purchase : buy bought order
purchase; contract, broadband, phone, exit fee : provider contract; roofer, roofers, builder, plumber : work
job carry; scam, fraud : payment scam fraud money report; gym, subscription, membership : contract member
membership; ombudsman, fos, complain, complaint : complaint complain make raise; warranty, guarantee : cover
repair; quote, quotes, estimate : work price get obtain; sent back, return, returned : send return item;
cancel, cancelled : contract cancel order; went, gone, go, packed up, died & gearbox, boiler, engine, car,
phone, machine, washing machine, cooker, fridge, freezer, laptop, tv, van, clutch, battery, heating, motor,
shower, meter, oven, kettle : fail failed break broke broken stop stopped work working; did, does, done :
work worked carry complete; advert, ad : see; trading standards, ts : report consumer; policy, insurance,
insurer : insurance policy claim insurer; password, account, hacked : account; passport, visa : document;
will not charge, no charge : charge make; write, letter, ltr, email, ring, call, phone, contact, speak,
text, tel, rang, wrote, follow up, journal : ask request say explain tell discuss contact speak letter
enquire about check call write find; <for> & write, letter, ring, call, phone, contact, speak, email, chase,
ask, approach : ask request get obtain; ask, request, asked, chase, query : contact ask request answer reply
response say; send, email, post, submit, return, forward, upload, bring, get, copy, copies : copy send
document; re : claim; chase, chasing : reply response progress pay payment; refer, referral, pass, signpost
: referral contact pass refer; told, advised, explained, discussed, advise, tell, info : say advise explain
mean option way advice discuss rule; check, find out, query : whether see find check; report, reported :
make report; says, said, thinks, claims : say; consent, agree, agrees, ok, permission : agree agreement
consent happy want wish; apply, claim, applied : make submit; call, calls, called : call; draft, drafts :
draft; complete, fill in : form complete; help, h/w : help assist complete; in by, in before : send sent
submit submitted receive received; set aside : judgment; <for>, <comma>, re, as, over : because; want,
wants, ask, asks & <sum> : pay; no letter, no notice, no reply, no warning, no paperwork : sent given send
give; no reply, no answer, no news, nothing, nil, no response : hear heard reply come; leak, leaking, flood,
floods : water; credit, loan, borrow, catalogue : take; signing on, sign on, jobcentre : appointment;
letter, ltr & <ours> : send write; <in> & once, when, until, till, if : arrive arrived come receive
received; open : stay remain; by, before, until, latest : deadline dl; <hourly> : pay earn wage rate; only,
once, max, w/, with : use used; bed, bedroom : property home; sleeping, staying, sofa : home; behind,
arrears : fall; write, wrote : send; in & <bare> & <actions> : send sent submit submitted hand; deadline,
due : submit send; decide, consider : whether think; confirm, confirms : confirm; asked, wants : like; name,
names, number : give tell; bring, take : meeting appointment; report & <if> : make; attend, go to, court,
hearing, interview : attend go; find, get, look for : find obtain get; diary, note : write keep; <ours> &
<bare> : contact get obtain arrange prepare send deal ask request; <ours> & <bare> & <party> : speak contact
write; <yours> & <bare> : send bring provide get give write make complete take attend fill; <yours> & <bare>
& <sum> : pay; <matters> & <bare> : have there total receive last cover start due own; <ref> & <not> :
apply; <list> : each other; asthma, depression, anxiety, diabetes, copd, epilepsy, pain, mental health,
arthritis, stroke, cancer, autism, ptsd : suffer condition health; <day> : date day; <time> : time; <ref> :
reference number quote; <span> : period last time long; <hours> & <bare> : work; <phone> : telephone number
call phone; bank, card, account : bank account;
"""
