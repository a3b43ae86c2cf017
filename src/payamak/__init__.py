"""Payamak: a self-hosted SMS gateway.

Programs send through plain HTTP, Payamak takes the message to the operator over SMPP, moves to the next line when
the recipient has opted out, follows the receipt, and answers what became of it. What it accepts is on disk before
it says so; what it says is final stays final; a crash at any instant loses nothing.

One message, eight hops:

      customer                                                                    SMSC
       | 1 dialects/negin.py     ws_send()         form fields -> WantedMessage
       | 2 front/accept.py       accept()          allowed, plan, split, price -> NewMessage
       | 3 store/rules/messages  accept()          one transaction; the COMMIT is our promise; then the Feed
       <-- answer with message_id, at once or when the Feed brings the verdict
           delivery/places.py    take()            nobody before it: "on the wire" by the same commit, then 5
         4 delivery/worker.py    _take()           from the Feed, else store.claim(), to the desk of a link
           delivery/outlet.py    _mark()           whose turn it is goes; "on the wire" is committed
         5 upstreams/smpp.py     submit()          step -> SubmitSm, part by part
         6 smpp/link/client.py   ask()             the session turns it into octets ---> submit_sm
           delivery/outlet.py    _conclude()       submit_sm_resp -> Outcome -> advance(), committed
         7 delivery/receipts.py  receipt()         match, advance(), COMMIT,
                                                   then deliver_sm_resp             <--- deliver_sm
         8 posts/webhooks.py     post()            each change of state to the customer's URL
           front/asking.py       standings()       or the customer asks: wsStates

What happens next to a message is decided in one place: `advance()` in domain/states.py.

Where things live, from the pure core to the edge; imports point down only (tests/unit/test_imports.py):

    codes, errors       the outside codes with their texts; the families of errors
    encoding            text to parts: GSM-7, UCS-2, splitting; headers of parts; octets to text, all alphabets
    domain              message, events, states, plan, opt-outs, retries, templates, money, the site's documents
    smpp                SMPP 3.4: codec, session (both ends, without a socket); link: the sockets
    store               the Store protocol and its Feed; rules: what its transactions do, table by table, at a desk
                        where they ask for rows and leave changes; sqlite: the file, its locks and its mark, one writer
                        with group commit
    upstreams           who takes a message away: SMPP, or another server of the same contract (negin)
    delivery            the back: claims, lanes, pacing, marks, answers, the health of links, receipts, recovery
    posts               what customers are told by HTTP: webhooks, the relay of what handsets send
    background          work that nobody waits for goes on, and says when it fails
    front               behind every door: who calls, the one way in, what a customer may read and do
    hands               what an operator does by hand, for every face: count first, then act; who did it is kept
    http                the server: connections and their limits, requests, forms, streams, health, metrics
    dialects            the outside APIs, a file or folder each: pure translation
    panel               pages for people: one list of them, views, templates; on front and hands, like any other face
    doors               every path of the HTTP port, in one list
    client              the library for callers; works with any server of the contract
    simulator           an operator to test against
    demo, cli           what a person starts
    runtime             builds everything, starts it in order, stops it in reverse
    sidedoor            a socket beside the store: what only the running server can see, such as PDUs as they pass
    listener            a receiver of posts, to write a program against
    socketfile          a socket that is a file of one user
    config, clock; log, and log_output, the thread by which lines leave
    visible             texts of others as a person may see them
    language            the two languages that a person may read; what is said in both
    texts               the words of every enumeration, code and fault, in both
    setting             what a person must know of one field of a configuration: meaning, unit, bounds, label

Read domain/message.py, domain/states.py, front/accept.py, delivery/worker.py and outlet.py, smpp/session.py, in this
order.
"""

__version__ = "0.2.0"
"""The one place where the version stands: pyproject.toml, `payamak --version`, packages and metrics read it here."""
