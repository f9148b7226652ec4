using MailCluster.Actors.Delivery;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Failures;

namespace MailCluster.Actors.Queue;

/// <summary>One destination's mail on this node, and what is known of the destination. Changed by <see cref="QueueState"/> alone. Some 250 octets, beside name and route.</summary>
internal sealed class DestinationQueue(int number, DomainName domain)
{
    /// <summary>Its number, for its timer and its entries.</summary>
    public int Number { get; } = number;

    /// <summary>Its domain.</summary>
    public DomainName Domain { get; } = domain;

    /// <summary>Is among those to be settled at the end of this input.</summary>
    public bool Touched;

    // What waits, by owner.
    public EntryList Due = new();
    public EntryList Deferred = new();
    public EntryList PutOff = new();
    public EntryList HandedOut = new();
    public EntryList Opening = new();

    /// <summary>Recipients in all of them.</summary>
    public int Recipients;

    /// <summary>Entries in all of them.</summary>
    public int Entries => Due.Count + Deferred.Count + PutOff.Count + HandedOut.Count + Opening.Count;

    // The last decision.
    public DestinationStand Stand;
    public Route? Route;
    public DateTimeOffset DecisionEnds;
    /// <summary>While the decision holds and there is mail: when to ask for the next.</summary>
    public DateTimeOffset RefreshAt = DateTimeOffset.MaxValue;
    /// <summary>Down or suspended: when to ask.</summary>
    public DateTimeOffset HeldUntil = DateTimeOffset.MaxValue;
    /// <summary>True from the first word that the domain is down until it is open again.</summary>
    public bool WasDown;
    /// <summary>The entry that went out last as a probe, until its job ends, whatever is decided in between: so there are never two.</summary>
    public int Probe = EntryList.None;
    /// <summary>Why nothing could be tried, for recipients that expire untried.</summary>
    public DeliveryFailure? LastFailure;
    /// <summary>True where, under this decision that there is no route for now, an entry has stood for all as the attempt that failed.</summary>
    public bool StoodFor;
    /// <summary>True while an operator's rule keeps all attempts back, whatever has been decided. Expiry fires all the same.</summary>
    public bool Suspended;
    /// <summary>True where the last decision said that the domain is full in the whole cluster; told to a new incarnation of its actor.</summary>
    public bool Closed;

    // The question to the delivery actor.
    /// <summary>The number of the first report of the present question; 0 while no answer is awaited.</summary>
    public long Asked;
    /// <summary>The lowest number of a report whose answer still tells something.</summary>
    public long LeastAnswer;
    public int Repeats;
    public DateTimeOffset RepeatAt = DateTimeOffset.MaxValue;
    /// <summary>Waits for a place among the questions outstanding.</summary>
    public bool InLine;
    /// <summary>What attempts have met that no answered report has told.</summary>
    public DeliveryProtocol.AttemptsOutcome Met;
    /// <summary>Recipients when last reported.</summary>
    public int Reported;
    /// <summary>Empty: when to say goodbye.</summary>
    public DateTimeOffset LeaveAt = DateTimeOffset.MaxValue;

    // The pool.
    /// <summary>Jobs that the pool has allowed beyond those it has been given.</summary>
    public int Allowance;
    /// <summary>Due jobs that the pool has last been told of.</summary>
    public int Told;
    /// <summary>True where the pool has been told to give back what it holds.</summary>
    public bool TakenBack;
    /// <summary>The pool, to whom it is told directly while an allowance stands; the shell knows what it is.</summary>
    public object? Pool;
}
