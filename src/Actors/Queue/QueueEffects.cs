using MailCluster.Actors.Delivery;
using MailCluster.Actors.Reports;
using MailCluster.Actors.Sites;
using MailCluster.Spool;

namespace MailCluster.Actors.Queue;

/// <summary>What <see cref="QueueState"/> wants done, gathered while it decides; the shell carries it out in this order and clears it. Reused, so that a decision makes no garbage of its own.</summary>
internal sealed class QueueEffects
{
    /// <summary>To pools that have asked, each with the pool as the shell named it.</summary>
    public List<(object Pool, SitePoolProtocol.Ready Ready)> Ready { get; } = [];

    /// <summary>To pools by their site, through their parent: Waiting and Recall.</summary>
    public List<SitePoolProtocol.IForPool> ForPools { get; } = [];

    /// <summary>To the delivery actors.</summary>
    public List<DeliveryProtocol.Report> Reports { get; } = [];

    /// <summary>To the report actor: late mail.</summary>
    public List<ReportProtocol.Delayed> Delayed { get; } = [];

    /// <summary>To the report actor: reports owed since before the start.</summary>
    public List<ReportProtocol.Owed> Owed { get; } = [];

    /// <summary>Entries to be opened in the spool; answered by <see cref="QueueState.Opened"/> or <see cref="QueueState.NotOpened"/>.</summary>
    public List<(int Number, EntryRef Entry)> Open { get; } = [];

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        Ready.Clear();
        ForPools.Clear();
        Reports.Clear();
        Delayed.Clear();
        Owed.Clear();
        Open.Clear();
    }
}
