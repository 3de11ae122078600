# SPDX-License-Identifier: Apache-2.0
"""What is seldom seen: why an association ended, odd origins, and parts of messages that hardly anybody writes."""

import pekkowire as w
from speclib import Fail, case


@case("why-it-ended", profile="quick")
def _(t):
    """The error of an association names Pekko's exception: by what could not be decoded, a shutdown, a quarantine, a handshake that was refused."""
    def cause(peer, exception, message, inbound):
        e = t.lifecycle("AssociationErrorEvent", peer, inbound=inbound)
        t.eq("cause", {"class": "org.apache.pekko.remote." + exception, "message": message}, e["cause"])

    for body in (w.payload(b"\xff"), w.payload(w.f_bytes(2, b"")), w.tell("no path", w.SER_STRING, b"x")):
        link = t.link()
        link.send(body)
        t.closes(link)
        cause(link.peer, "EndpointException", "Error while decoding incoming Pekko PDU", True)
    for command, exception, text in ((w.SHUTTING_DOWN, "ShutDownAssociation", "Shut down address: "), (w.QUARANTINED, "InvalidAssociation", "Invalid address: ")):
        link = t.link()
        link.send(w.control(command))
        t.closes(link)
        cause(link.peer, exception, text + link.peer.address, True)
    peer = t.peer()
    t.node.cmd("tell %s lost" % peer.path("/user/x"))
    link = peer.accept(handshake=False)
    link.wait("ASSOCIATE", skip=False)
    link.send(w.control(w.DISASSOCIATE))
    cause(peer, "EndpointAssociationException", "Association failed with [%s]" % peer.address, False)
