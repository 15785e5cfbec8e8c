# ruff: noqa: E501 - one sentence a line is how this data is read and edited
"""The text the built-in workloads are made of: casework in the product's own terms, all of it invented.

Sentences carry ``{name}``-style slots filled per prompt, so that two prompts of one workload read differently
and are of nearly the same length. ``WORDS`` are common English words that the usual byte-pair vocabularies
keep as one token each when a space stands before them; they number 256, so a byte chooses one.
"""

from __future__ import annotations

from typing import Any

_WORD_TEXT = """
able about above across act add after again age ago air all also among and animal answer any area arm art
ask back bad ball bank base bed before began behind best better between big bird black blue boat body book
both box boy bring brother build built busy but buy call came can car care carry case cat cause cell
center change check child city class clear close cold color come common company cost could country course
cover cross cut dark data day deal deep did difference do doctor does dog door down draw drive dry during
each ear early earth east eat eight end energy enough even ever every eye face fact fall family far farm
fast father feel few field fight figure fill final find fine fire first fish five floor follow food foot
for force form four free friend from front full game garden gave get girl give glass go gold gone good got
government great green ground group grow had half hand happen hard has have head hear heart heat help her
here high hill him his history hold home hope horse hot hour house how human hundred idea if in inch
interest is island it job just keep kept key kind king know land language large last late laugh law lay
lead learn leave left less let letter level lie life light like line list little live long look lost lot
love low made main make man many map mark market matter may mean measure meet men might mile milk
"""
WORDS: tuple[str, ...] = tuple(_WORD_TEXT.split())

PEOPLE: tuple[str, ...] = (
    "Mrs Adeyemi",
    "Mr Kowalski",
    "Ms Hartley",
    "Mr Okafor",
    "Mrs Lindqvist",
    "Ms Rahman",
    "Mr Pemberton",
    "Ms Dubois",
    "Mr Castellanos",
    "Mrs Whitlock",
    "Ms Nakamura",
    "Mr Ferreira",
    "Mrs Brannigan",
    "Mr Sandhu",
    "Ms Volkova",
    "Mr Treharne",
)
PLACES: tuple[str, ...] = (
    "14 Cresswell Road",
    "Flat 3, Marlow Court",
    "27 Tanner Street",
    "8 Old Mill Lane",
    "Flat 11, Beacon House",
    "52 Garrick Avenue",
    "6 Station Terrace",
    "Flat 2, 90 Harbour Way",
)
BODIES: tuple[str, ...] = (
    "Northbrook Housing Association",
    "the county council",
    "Calder Lettings",
    "the benefits office",
    "Redfern Collections",
    "the tribunal service",
    "Ashdown Logistics",
    "the ombudsman",
)
MONTHS: tuple[str, ...] = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

SENTENCES: tuple[str, ...] = (
    "{who} telephoned on {date} to report that the boiler at {place} had failed for the third time this winter.",
    "{body} replied in writing on {date} and offered an inspection between nine and one o'clock.",
    "The tenancy agreement for {place} is dated {date} and sets the rent at {sum} a month, payable in advance.",
    "Arrears of {sum} were recorded on {date}, after two payments were returned unpaid by the bank.",
    "{who} says that the payments were stopped because the repairs promised by {body} were never carried out.",
    "A notice seeking possession was served on {date}; it gives grounds but does not name the correct address.",
    "The adviser explained that the notice may be defective and that the time limit for a defence is fourteen days.",
    "{body} has confirmed that the file carries the reference {ref} and that all letters should quote it.",
    "An application for a discretionary payment of {sum} was sent to {body} on {date} with three months of bank statements.",
    "{who} lives with two children aged six and nine, the younger of whom has asthma made worse by damp.",
    "The general practitioner's letter of {date} states that mould in the bedroom is likely to harm the child's health.",
    "Photographs of the ceiling were taken on {date} and are kept in the file under reference {ref}.",
    "{who} was dismissed by {body} on {date} after four years of service, without a meeting and without written reasons.",
    "The last payslip shows gross pay of {sum} and a deduction that the employer has not explained.",
    "A claim to the tribunal must be presented within three months less one day, counted from {date}.",
    "Early conciliation was started on {date} under reference {ref}, which pauses the limitation period.",
    "{body} decided on {date} that the claimant scored six points, where eight are needed for the standard rate.",
    "{who} asked for a mandatory reconsideration on {date}, and enclosed a diary of daily needs covering two weeks.",
    "The decision maker did not mention the consultant's report, which records falls on most days of the week.",
    "An overpayment of {sum} is being recovered at forty a month; {who} disputes the period to which it relates.",
    "The debt of {sum} was sold to {body}, who wrote on {date} without enclosing a copy of the agreement.",
    "No payment or written acknowledgement has been made for more than six years, so the debt may be out of time.",
    "A budget was drawn up with {who} on {date}: income of {sum} a month leaves almost nothing after rent and food.",
    "The creditor agreed to hold action for thirty days from {date} while advice is taken.",
    "{who} gave consent on {date} for us to speak to {body} on all matters about {place}.",
    "The deposit of {sum} was paid on {date} and there is no record that it was protected in an approved scheme.",
    "{body} carried out a gas safety check on {date} and noted that the flue had been blocked with a cloth.",
    "A hearing is listed for {date} at ten o'clock, with a time estimate of thirty minutes.",
    "The witness statement must be filed seven days before the hearing and must carry a statement of truth.",
    "{who} needs an interpreter, and a large-print copy of anything that is to be signed.",
    "The surveyor found rising damp in two rooms and put the cost of the work at {sum}, excluding redecoration.",
    "{body} accepted liability for the leak in a call on {date}, but has not put this in writing.",
    "We advised that rent should be paid in full where possible, and that withholding it carries a risk of possession.",
    "The complaint reached its second stage on {date}; a final answer is due within twenty working days.",
    "If the final answer is not satisfactory, the matter may go to the ombudsman under reference {ref}.",
    "{who} will bring the original letter of {date} to the next appointment, together with proof of income.",
)

QUESTIONS: tuple[str, ...] = (
    "On which date was the notice seeking possession served, and is it valid?",
    "How much are the arrears, and why were the payments stopped?",
    "Which deadline comes first, and what must be done before it?",
    "What did the surveyor find, and what would the work cost?",
    "Who has accepted responsibility for the leak, and was it put in writing?",
    "What evidence supports the reconsideration request?",
    "How much was the deposit, and was it protected?",
    "What did we advise about withholding rent?",
    "Which reference must be quoted in letters, and to whom?",
    "What will the client bring to the next appointment?",
    "Is the debt likely to be out of time, and why?",
    "What needs does the household have that the other side must respect?",
)

SHORT_QUESTIONS: tuple[str, ...] = (
    "What is a notice seeking possession?",
    "How long does a tenant have to answer a possession claim?",
    "What is a mandatory reconsideration?",
    "When is a debt too old to be enforced in court?",
    "What must a landlord do with a tenancy deposit?",
    "What does early conciliation do to a time limit?",
    "Who may complain to a housing ombudsman?",
    "What is a statement of truth?",
    "When can an overpayment of benefit be disputed?",
    "What should a client bring to a first appointment?",
    "What is a gas safety record for?",
    "What does it mean to serve a document?",
)

NOTE_LINES: tuple[str, ...] = (
    "{date} - saw {who}, ID checked, consent form signed",
    "rent {sum} pm to {body}, arrears now {sum}",
    "letter from {body} dated {date}, ref {ref}",
    "boiler out since {date}, two children at home, one with asthma",
    "client to send bank statements (3 months) by {date}",
    "we will write to {body} re repairs and ask for inspection before {date}",
    "advised: keep paying rent if at all possible, explained risk",
    "hearing listed {date}, 10.00, est. 30 min",
    "client wants interpreter at any meeting",
    "we to request copy of tenancy agreement for {place}",
    "deposit {sum} paid in cash, no receipt - check protection",
    "{who} to keep diary of calls and visits until {date}",
    "deadline for defence {date} - put in diary",
    "{body} phoned back, offered visit am only, client at work",
    "we to chase GP letter about damp, fee {sum}",
    "client worried about moving children's school",
    "debt {sum} with {body}, last paid over six years ago",
    "next appointment {date}, bring original letter and payslips",
)

RAG_INSTRUCTION = (
    "You help a caseworker. Answer the question from the five passages below and from nothing else. "
    "Quote the words you rely on and name the passage. If the passages do not say, answer: not in the file."
)
NOTES_INSTRUCTION = (
    "Read the caseworker's notes below, one line each. Return every fact a letter to the client must carry, as JSON: "
    "the number of the line it comes from, what kind of fact it is, who has to act, and one plain sentence that "
    "keeps every date, sum and name exactly as written."
)
LONG_INSTRUCTION = (
    "Below is a case file. Read all of it, then answer the question at its end in at most four sentences, "
    "with the paragraph numbers you rely on."
)
SYNTHETIC_ENDING = "Continue the list of words."

LETTER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "facts": {
            "type": "array",
            "minItems": 1,
            "maxItems": 12,
            "items": {
                "type": "object",
                "properties": {
                    "line": {"type": "integer"},
                    "kind": {"type": "string", "enum": ["matter", "our_action", "your_action", "deadline"]},
                    "who": {"type": "string", "enum": ["client", "us", "other"]},
                    "text": {"type": "string", "maxLength": 160},
                },
                "required": ["line", "kind", "who", "text"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["facts"],
    "additionalProperties": False,
}
