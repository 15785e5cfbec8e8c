"""What people do, in advice work: sets of doings that mean the same (``ground_sets`` says how they are
written).
"""

from __future__ import annotations

# Acts: what people do with letters, money, homes and each other.
ACTS = """
call, phone, ring, telephone, tel, tcf, give a call, give a ring, speak by phone, speak on the phone,
+ speak to by phone
call, t/c, tc, phone call, telephone call
discuss, talk about, talk through, go through, cover, look at
contact, get in touch, be in touch, reach, get hold of, make contact
write, letter, send a letter, put in writing, in writing
email, e-mail, mail, by email
text, sms, message, text message
let know, tell, inform, notify, update, advise, say, report
dv, domestic violence, domestic abuse, da
asb, anti-social behaviour, antisocial behaviour, anti social behaviour
hmo, house in multiple occupation
give, provide, supply, hand, hand over, pass, send, let have
give, hand in, hand over
bring, bring in, take along, bring along, bring with, bring to
drop, drop off, drop in, hand in, bring in, deliver
return, send back, give back, bring back, hand back
receive, in receipt, receipt, receipt of, in receipt of, recipient
receive, get, be given, be sent, be paid, draw
gather, collect, collate, get together, put together, find, compile
collect, pick up
ask, request, query, enquire, make a request, put in a request
tell, inform, notify, let know, advise, update, make aware, say
let us know, tell, inform, contact
advise, recommend, suggest, give advice, counsel
advise, explain, tell, inform, make aware, go over, discuss
explain, set out, go over, clarify, talk through, describe
confirm, be sure, make certain, make sure
check, look into, look at, see, find out, establish, verify, make sure, review, confirm whether, look up
ensure, make sure, be sure, make certain, see to it
investigate, look into, make enquiries, enquire, research, check
research, find out, look up, look into
review, look over, go over, look at, go through, look again, consider, check
reconsider, look again, review, reconsideration, think again
consider, think about, think over, look at, weigh up, consideration
think, believe, feel, reckon, be of the view, view, opinion, consider
decide, decision, make a decision, outcome, make up mind
chase, follow up, f/u, chase up, press for, press, ask again, contact again, check on
liaise, liaise with, work with, speak, contact, be in touch
negotiate, negotiation, bargain, try to agree
apply, application, claim, make a claim, put in a claim, submit an application, app, appn, applicn
claim, make a claim, put in a claim, open a claim
reapply, re-apply, apply again, new application, make a new application
appeal, lodge an appeal, make an appeal, put in an appeal
deny, say not
object, objection, oppose, raise an objection
complain, complaint, make a complaint, raise a complaint, lodge a complaint, put in a complaint
grievance, raise a grievance, formal complaint
lodge, submit, file, put in, raise, send, make, enter
register, sign up, registration, enrol, join
complete, fill in, fill out, fill, finish, do
complete, finish, be done
prepare, draft, draw up, put together, write, work on, get ready
draft, write, draw up, prepare
print, print off, print out, printout
scan, upload, scan in
photo, photograph, picture, pic, take pictures, take photos
sign, signature, put name to
sign, sign up
keep, hold, hold on to, retain, save, hang on to, store
keep, continue, carry on, go on, keep up, still
record, log, note, write down, make a note, keep a note
list, make a list, set out, write down
book, arrange, make, set up, schedule, fix
arrange, set up, organise, organize, sort, sort out, put in place, make, fix, plan
meet, see, meeting, mtg, have a meeting, come to see
attend, go, come, appear, be at, be present, visit, attendance
attend, turn up, go along
miss, not attend, not go, not turn up, dna, not make, fail to attend, did not attend
visit, come, home visit, go, call
view, viewing, look at, see
start, begin, commence, commencing, take effect, open, set off, come into force, with effect
stop, end, cease, no longer, finish, come to an end, not any more, not any longer, bring to an end
stop, halt, prevent, put a stop
suspend, suspension, pause, put on hold, hold, stop, freeze
cancel, cancellation, call off, end, terminate, stop
terminate, end, termination, bring to an end
withdraw, drop, take back, withdrawal
leave, move out, vacate, quit, go
leave, move out of, moved out
leave, quit, resign, hand in notice, give notice, resignation
move, relocate, move house, move home, go
stay, live, remain, reside, sleep, sofa surf, sofa-surf
live, reside, be living, home, resident, living
cohabit, live together, live with a partner, live with
pay, payment, repay, repayment, pay back, pay off, settle, make a payment, make payments, pymt, pymts, pmt
pay, clear, settle, pay in full
repay, repayment, pay back, reimburse, refund
refund, money back, reimburse, reimbursement, repay, pay back, give back the money
offer, propose, proposal, put forward, suggest
accept, agree, acceptance, take up, say yes, happy with, happy to accept
agree, consent, be happy, happy, agreement, permission, approve, willing, ok, okay
agree, reach agreement, come to an agreement, settle
agree, accept that, admit
admit, accept, own up, admission, acknowledge
!refuse, reject, decline, turn down, not agree, not accept, not allow, not willing, refusal,
+ rejection
!refuse, unwilling, knock back, not approve, not prepared, not be willing, not want, would not
!refuse, deny
!fail to, failure to, not
!unable, not able, not be able, can not, could not, incapable, not possible, impossible, inability
!unpaid, not paid, not pay, not been paid, not be paid, non-payment, nonpayment
unanswered, not answer, not reply, not replied, not respond, no response, no reply, no answer,
+ not hear back, not heard
ignore, not answer, not respond, not reply, not replied
unsure, not sure, uncertain, not know, not certain, unclear
lost, can not find, not find, mislay, misplace
unfit, not fit, unable to work
unaware, not aware, not know
disagree, not agree, not accept
!lack, not have, no, without
unhappy, not happy, not satisfied, dissatisfied
unemployed, not working, not work, out of work, without a job, without work, no job
unsuitable, not suitable
unfair, not fair
unlawful, not lawful, illegal, not legal
invalid, not valid
unprotected, not protected, not protect
unsigned, not signed
incomplete, not complete
insufficient, not enough, too little, not sufficient
incorrect, wrong, not right, not correct, mistake, error, inaccurate, not accurate
lose, lose out, loss
promise, undertake, assure, give a promise, commit
allow, permit, let, permission, give permission, agree
want, would like, wish, keen, hope, like, looking
hope, aim, plan, would like
need, have to, must, should, required
represent, act for, act on behalf, represented, representation, speak for, go with
accompany, go with, come with, come along, attend with
refer, referral, pass, signpost, put in touch, direct, make a referral
assess, assessment, evaluate, evaluation, look at
calculate, work out, calculation, calc, figure out
calculate, benefit check, better off calculation
increase, rise, go up, raise, put up, up, higher, gone up, went up, rose, uplift
reduce, reduction, decrease, go down, lower, cut, drop, bring down, fall, fell, less, down, lessen,
+ came down
change, change of circumstances, change in circumstances, coc
backdate, back-date, backdating, pay from an earlier date
entitle, eligible, qualify, entitlement, eligibility, have a right, right
deduct, take, deduction, take off, take out, taken, dock, withhold
overpay, overpayment, o/p, op, overpaid, pay too much, paid too much
underpay, underpayment, underpaid, pay too little, paid too little
owe, debt, be in debt, outstanding, o/s, owing, balance, due, arrears, money owed
arrears, fall behind, behind, be behind, behind with, overdue, late with, in arrears, fell behind,
+ missed payments
borrow, loan, take out a loan
evict, eviction, throw out, remove, kick out, put out
dismiss, dismissal, sack, fire, let go, lose job, lost job
redundant, redundancy, lay off, laid off, made redundant
employ, work, job, employment, employed, be working
serve, serve notice, give notice, issue notice
sue, take to court, bring a claim, court action, legal action, take legal action
threaten, say will, talk of
enter, come in, let self in, go in, access
access, entry, get in, enter, come in
lock, change the locks, change locks
repair, fix, mend, put right, sort, sort out, do the repairs, repair work, disrepair, remedy,
+ carry out repairs
install, fit, put in
inspect, inspection, look at, check, survey
break, broken, not working, stop working, fault, faulty, defective, out of order, brk
break, broke down, break down
separate, separation, split, split up, break up, broke up
divorce, end the marriage
care, look after, carer, caring
suffer, have, experience, struggle, live with
struggle, hard to pay, hard to pay for, difficult to pay, trouble paying, find hard, difficulty,
+ difficult, finding hard, have trouble, trouble, not cope, hard, finding difficult, have difficulty,
+ find difficult, find it hard, finding it hard, find it difficult, finding it difficult, hard to manage
afford, meet the cost, manage
wait, await, hold on, hold off, waiting
happen, take place, occur, be held
take place, hold, due, list, set, fix, schedule
report, make a report, tell
respond, reply, answer, get back, response, come back, write back
reply, hear, hear back, heard
acknowledge, acknowledgement, ack, confirm receipt
hear, hearing, court hearing, court date
act, action, step, take steps, take action
use, make use
earn, be paid, wage, get, earnings
waive, write off, w/off, let off
access, log in, log on, logon, sign in
forget, not remember
read, look at, go through
open, set up, start
prove, proof, show, evidence, prove that
prioritise, prioritize, put first, priority, treat as a priority
deal, handle, deal with, take on, sort out
proceed, go ahead, carry on, go on
escalate, take further, pass up
postpone, put off, adjourn, delay, move back, adjournment
delay, hold up, late, be late
extend, extension, more time, longer
win, succeed, be successful, successful, won
unsuccessful, not successful, not succeed, not win, lose
"""
