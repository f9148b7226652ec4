using MailCluster.Actors.Delivery;
using MailCluster.Actors.Queue;

namespace MailCluster.Actors.Sites;

/// <summary>What <see cref="SitePoolState"/> wants done; the shell carries it out in this order and clears it.</summary>
internal sealed class SitePoolEffects
{
    /// <summary>To queue actors, by number: room.</summary>
    public List<(int Queue, QueueProtocol.Want Want)> Wants { get; } = [];

    /// <summary>To queue actors, by number: jobs that ended or go back.</summary>
    public List<(int Queue, JobEnded Job)> Ended { get; } = [];

    /// <summary>Connections to open.</summary>
    public List<(int Connection, Route.To Route)> Open { get; } = [];

    /// <summary>Jobs for connections.</summary>
    public List<(int Connection, DeliveryJob Job)> Deliver { get; } = [];

    /// <summary>Connections that are to end.</summary>
    public List<int> Close { get; } = [];

    /// <summary>To the site's actor.</summary>
    public List<SiteProtocol.Request> Requests { get; } = [];

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        Wants.Clear();
        Ended.Clear();
        Open.Clear();
        Deliver.Clear();
        Close.Clear();
        Requests.Clear();
    }
}
