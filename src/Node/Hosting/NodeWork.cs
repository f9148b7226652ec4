namespace MailCluster.Node.Hosting;

/// <summary>What the node does between its listeners and the network, as its life sees it: four steps, each called once and in this order.</summary>
internal sealed class NodeWork
{
    /// <summary>Hands what the spool holds to the queue and lets delivery begin. The spool is open and the cluster joined.</summary>
    public required Func<CancellationToken, Task> StartAsync { get; init; }

    /// <summary>Begins no delivery more, and returns when those in flight have ended and are recorded.</summary>
    public required Func<CancellationToken, Task> EndDeliveriesAsync { get; init; }

    /// <summary>Gives the leases back, so that other nodes need not wait for them to run out.</summary>
    public required Func<CancellationToken, Task> ReturnLeasesAsync { get; init; }

    /// <summary>Opens the spool; the message of the exception says what is wrong with it.</summary>
    public required Func<Spool.Spool> OpenSpool { get; init; }

    /// <summary>Flushes and closes the event log; the spool is closed already.</summary>
    public required Func<Task> CloseEventLogAsync { get; init; }
}
