"""English verb forms that tell a statement, an order and what was done from each other; no parser, stated lists."""

from __future__ import annotations

from typing import Final

__all__ = ["DONE", "ORDERS", "PLAIN", "STATES"]

# Base forms with which an order, a request or a step of a procedure begins.
ORDERS: Final = frozenset(
    """access break cite consider determine develop obtain recheck summarise understand add adjust agree allow analyse
    analyze answer append apply approve archive ask assign attach avoid back book build buy calculate call cancel
    change check choose clean clear click clone close collect combine commit compare compile compose compute confirm
    configure connect contact continue convert copy count cover create cut debug define delete deploy describe
    design disable disconnect do document download draft drain draw drop email e-mail enable ensure enter escalate
    estimate evaluate examine execute explain export extract fetch file fill filter find finish fix flush follow
    forward freeze generate get give go grant group guess handle hand help hide hold identify ignore implement
    import include inform insert inspect install investigate invite invoke join keep label launch lead leave list
    load locate lock log look lower mail make map mark mask measure merge migrate mock monitor mount move name never
    notify note open order pack page parse pass paste pause pay pick ping plan plot post prepare press print
    prioritise prioritize process promote propose prove provide publish pull push put query raise read rebase reboot
    rebuild recommend record redirect reduce refactor refund register reject release reload remember remind remove
    rename renew repeat replace reply report request require rerun reset resend resolve respond restart restore
    resume retry return revert review revoke rewrite roll rotate run sanitise save scale scan schedule search see
    select send serve set share ship show sign skip solve sort split start stop store submit subscribe suggest sum
    summarize suspend switch sync tag take tell test text track train transfer translate trigger try turn uninstall
    unlock unmount unpack update upgrade upload use validate verify visit wait wake warn watch wipe write""".split()
)
# Past forms that say that something was brought to its end.
DONE: Final = frozenset(
    """abandoned accepted achieved activated added adjusted aborted applied archived asked assigned attached backed blocked
    booked broke broken built cancelled canceled changed charged covered debited downgraded purchased rebooked
    cleaned cleared closed committed completed concluded confirmed configured connected converted copied corrected
    crashed created credited deactivated delayed deleted delivered deployed disabled doubled dropped emailed enabled
    ended errored escalated exceeded executed exported failed filed filled finished fixed flushed forwarded freed
    generated granted halved handed implemented imported improved increased informed installed issued launched
    loaded locked lowered made marked masked measured merged migrated moved notified opened ordered paid patched
    passed paused posted prevented printed processed produced promoted provisioned published pushed raised reached
    rebooted rebuilt recovered reduced refunded registered released removed renamed renewed repaired replaced
    reported reproduced reset resolved restarted restored resumed retried returned reverted rewrote rolled rotated
    sent scaled scheduled set shipped shut signed slowed solved sped spent stayed started stopped stored submitted
    succeeded suspended switched synced tested threw transferred triggered trimmed tripled uninstalled unlocked
    updated upgraded uploaded verified won wrote""".split()
)
# Present and past forms with which something is said of the world, less those of "be" and "have".
STATES: Final = frozenset(
    """accepts accounts affects allows answers applies approves arrived arrives asks attracts averages began begins belongs
    bounces bought breaks brings broadcasts builds calculates calls came carries caused causes charges chose closes
    collects comes compares connects consists contains controls converts costs counts covers crashes creates decides
    defaults delegates deletes delivers demands depends deploys described describes differs disappears does drops
    earns ends enforces equals exceeds excludes expects expired expires exports exposes fails falls fell fetches
    fills finishes fits follows forbids found founded generates gets gives goes got governs grew grows guarantees
    handles happened happens has hired hits holds hosts ignores implements imports improves includes increases
    indicates inherits integrates involves issues joined keeps knows lacks lags lasts launches leads leaks leaves
    left lets lies likes limits links listens lists lived lives loads located logs loses lost maintains makes
    manages maps matches matters means measures meets mentions moved moves needs notifies occurred occurs offers
    opened opens operates outputs overwrites owes owned owns pays peaked peaks performs points posts powers prevents
    prints processes produces prohibits protects provides publishes pulls raises ran ranges reaches reads receives
    records redirects refers refuses rejects relates relies remains renews replaces reports represents requires
    resolves responds rests restricts retries returned returns rises rolls rose runs says scales scans searches
    schedules scored scores sells sends serves sets ships shows sign signs sits sleeps sold speaks specifies spends
    stands starts states stays stems stops stores strips suffers supplies supports syncs takes talks targets tells
    throws took totals tracks trades trains transfers treats triggers turns updates uploads used uses validates
    wants waits went weighs works writes yields""".split()
)
# Base forms after a plural subject; other words end alike, so these count only after a noun or a pronoun.
PLAIN: Final = frozenset(
    """accept answer apply arrive belong close come connect contain cost cover deliver depend end expire fail follow get go
    have hold host include keep last lie limit live load make manage need offer open operate own pay prefer process
    produce publish rely remain report require respond return run sell send serve share ship sit speak start stay
    stop store support take use want work write""".split()
)
