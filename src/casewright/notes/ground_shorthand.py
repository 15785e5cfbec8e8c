"""Shorthand of UK advice notes and what it stands for: ``short = reading``, divided by semicolons.

Several readings of one short form are divided by bars and never stand for each other. Only for comparing:
what a letter writes out by itself is ``words.SHORTHAND``, and nothing else.
"""

from __future__ import annotations

SHORTHAND = """
pl = place; rd = road; st = street; ave = avenue; ln = lane; gdns = gardens; cres = crescent; sq = square;
bk = back | bank | book; hg = hearing; dep = dependant; ded = deduction; deds = deductions; cc = copy,
copied; ts = tss, trading standards, trading stds, trading stand; std = stds, standard; cr = credit; cr card
= credit card, cc, ccard, c/card; dr card = debit card; app = application | app; appn = application; applic
= application; acct = account; adj = adjourned, adjournment; addr = address; agr = agree, agreement; agmt =
agreement; agrmt = agreement; amt = amount; arr = arrears; arrs = arrears; assmt = assessment; avail =
available; bal = balance; b/card = barclaycard; b'day = birthday; bday = birthday; bens = benefits; ben =
benefit; bf = boyfriend; gf = girlfriend; b/f = boyfriend; g/f = girlfriend; bldg = building; bldr =
builder; bros = brother; bro = brother; sis = sister; dau = daughter; daus = daughters; dtr = daughter; gdn
= garden; grandkids = grandchildren; cert = certificate; certs = certificates; chq = cheque; cheq = cheque;
cg = cga, controlled goods agreement, controlled goods; chgs = charges; cncl = council; cllr = councillor;
co = company; coy = company; comp = compensation | company; compl = complaint; complt = complaint; cond =
condition; conf = confirm, confirmation; conf'd = confirmed; cont = continue; contr = contract; corres =
correspondence; cpn = community psychiatric nurse; cmht = community mental health team; cs = csa, cms, child
maintenance service, child maintenance; ct = council tax | court; cty ct = county court; cty = county; c ct
= county court; crt = court; cv = curriculum vitae; dec = decision | december; decn = decision; del =
delivery, deliver; dep = deposit; dept = department; diff = difficult | difference; dirs = directions; disc
= discuss, discussed; disc'd = discussed; discr = discrimination; discrim = discrimination; dism =
dismissed, dismissal; doc = document | doctor; docs = documents, paperwork; dob = date of birth; dl = daily
living; dln = daily living needs; dla = disability living allowance; dwp = department for work and pensions;
ea = estate agent | employment adviser; edn = education; elec = electricity; em = email; emp = employer |
employment | employee; empl = employer | employment; emplr = employer; enf = enforcement; enf agent =
enforcement agent; enq = enquiry, enquire; eqa = equality act; et1 = tribunal claim, claim form, employment
tribunal claim; et3 = employer's response, response form, response; ehcp = education health and care plan;
evic = eviction; exp = expire, expires | expense | experience; f/b = feedback; fb = feedback | facebook; fam
= family; fin = financial, finance; fn = fit note; f/n = fortnightly; fwd = forward; furn = furniture; g'ma
= grandmother; g'dad = grandfather; gas safe = gas safety; gsc = gas safety certificate; gtr = guarantor;
guar = guarantor | guarantee; hhold = household; hsehld = household; hmcts = court service, courts service;
ho = home office | housing officer | housing options; hse = house; hsing = housing; hb = housing benefit;
hrs = hours; hol = holiday; hols = holidays; hv = health visitor; imm = immigration | immediately; incl =
include, including; info = information; ins = insurance; instr = instruct, instruction; int = interest |
interview; intvw = interview; inv = invoice; inc = income | include; i/v = interview; jc = jobcentre, job
centre; jcp = jobcentre; juris = jurisdiction; lba = letter before action, letter before claim; lbc = letter
before claim; lo = liability order; l/o = liability order; lha = local housing allowance; lic = licence; lpa
= lasting power of attorney; ltd = limited; maint = maintenance; mat = maternity; mat leave = maternity
leave; mat pay = maternity pay; max = maximum; med = medical; meds = medication, medicine; mgr = manager;
mgmt = management; misrep = misrepresentation, misled; mob = mobile | mobility; mo = month; mos = months;
mths = months; n/a = not applicable; neg = negotiate; nec = necessary; nhs = national health service; nfa =
no further action | no fixed abode, no fixed address; notif = notify, notification; nok = next of kin; nsp =
notice seeking possession; n244 = application to court, court application; n245 = application to vary; n9 =
admission form; n9a = admission form; n1 = claim form; n5b = possession claim form; n11 = defence form; occ
= occupational | occasionally; oh = occupational health; ofc = office; ot = occupational therapist |
overtime; orig = original; o/t = overtime; paymt = payment; paymts = payments; pymt = payment; pymts =
payments; pmt = payment; pmts = payments; pc = pension credit; pa4 = assessment report; pd = paid; pens =
pension; perm = permanent | permission; pers = personal; ph = phone, telephone; phn = phone; poss =
possession | possible; poss order = possession order; poss hearing = possession hearing; ppi = payment
protection insurance; ppwk = paperwork; p'work = paperwork; pt = part time | point; pts = points; prev =
previous, previously; prob = problem; probs = problems; prop = property; prov = provide; ptr = partner;
prtnr = partner; pship = partnership; qs = questions; qu = question; quals = qualifications; rcpt = receipt;
rcpts = receipts; rec = receive | record | recommend; recs = records | receipts; ref = refer, referral |
reference; reg = register, registered | regular; rep = represent, representative; reps = representatives,
representations; rept = report; req = request | require, required; req'd = required | requested; reqs =
requests | requires; resp = response, respond | responsible; ret = return; ret'd = returned; rev = review;
rtn = return; rtb = right to buy; ra = rent arrears; s/ment = settlement; sched = schedule; sec = section |
security; sect = section; sett = settle, settlement; settlt = settlement; sev = several; sig = signature,
sign; sigs = signatures; soc serv = social services; ss = social services; spk = speak; spkr = speaker; stat
dec = statutory declaration; stat = statutory | statement; stat demand = statutory demand; sd = statutory
demand; stmt = statement; subm = submission; subs = submissions; supp = support, supporting; susp = suspend,
suspended; susp po = suspended possession order; spo = suspended possession order; ta = temporary
accommodation | tenancy agreement; temp = temporary; temp accom = temporary accommodation; ten = tenancy |
tenant; tfr = transfer; t/f = transfer; trfr = transfer; tupe = transfer of undertakings; tmw = tomorrow,
tmrw; txt = text; tv lic = tv licence; ud = unfair dismissal; ufd = unfair dismissal; unempl = unemployed;
univ = university; uni = university; util = utility; utils = utilities; vac = vacate; veh = vehicle; ver =
verify; vol = voluntary; w/end = weekend; wkend = weekend; w/e = week ending | weekend; wk = week; wkly =
weekly; mthly = monthly; mnthly = monthly; fortn = fortnight; wkg = working; wrkg = working; wc = work
coach; wdl = withdrawal; w/drawn = withdrawn; w/draw = withdraw; wrt = with regard to | warrant; xfer =
transfer; xmas = christmas; yr = year; yrly = yearly; s75 = section 75; s202 = section 202 review; dbl =
double; tbc = to be confirmed; ie = i.e, that is, which is, namely; eg = e.g, for example, such as, for
instance; viz = namely; etc = and so on; nb = note; asp = as soon as possible; eom = end of month, end of
the month; eow = end of week, end of the week; eod = end of day, end of the day; rtw = return to work |
right to work; aml = annual leave; a/l = annual leave; toil = time off in lieu; pilon = pay in lieu of
notice; scc = small claims, small claims court, small claims track; cfa = conditional fee agreement; atj =
attachment; aoe = attachment of earnings, attachment of earnings order; r'ship = relationship; b'ham =
birmingham; govt = government; gov = government; exs = expenses; esp = especially; wmc = washing machine; wm
= washing machine; tc = tax credits, tax credit; ctc = child tax credit; hra = human rights act; lcwra =
lcwra element; hh = household; g/dtr = granddaughter; mum-in-law = mother-in-law; stepdad = stepfather;
stepmum = stepmother; nhs = national health; sw = social worker; asb = antisocial behaviour; poa = power of
attorney; wfi = work focused interview; dp = deposit; rd = road; st = street; cpag = child poverty action
group; hsg = housing; incr = increase; utd = up to date; t/a = trading as; cita = citizens advice; overpt =
overpayment, overpaid; mc = machine; m/c = machine; c tax = council tax; debt mgmt = debt management; ntq =
notice to quit; sscs1 = appeal form;
"""
