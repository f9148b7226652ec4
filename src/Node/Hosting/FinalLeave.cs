using MailCluster.Actors.Handover;
using MailCluster.Node.Configuration;

namespace MailCluster.Node.Hosting;

/// <summary>Whether this stop is for good. An operator may have said so; else whoever knows is asked, as soon as the node is told to stop.</summary>
internal sealed partial class FinalLeave(NodeOptions options, HandoverQuestion? question, ILogger<FinalLeave> logger)
{
    /// <summary>How long the answer may take.</summary>
    public static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private HandoverWish.Yes? _ordered;
    private Task<HandoverWish>? _wish;

    /// <summary>True where there are no peers, and never will be.</summary>
    public bool IsAlone => options.Cluster.IsAlone;

    /// <summary>An operator wants it, of this stop or the one that follows at once. False where the node is stopping already and it is decided.</summary>
    public bool Order(string by)
    {
        lock (_gate)
        {
            if (_wish is not null) return false;
            _ordered ??= new($"ordered by {by}", new HandoverReceivers.All());
            return true;
        }
    }

    /// <summary>Begins to ask, once.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            _wish ??= AskAsync(_ordered);
        }
    }

    /// <summary>The answer. Never throws.</summary>
    public Task<HandoverWish> WishAsync()
    {
        Begin();
        return _wish!;
    }

    private async Task<HandoverWish> AskAsync(HandoverWish.Yes? ordered)
    {
        if (ordered is not null) return ordered;
        if (IsAlone) return new HandoverWish.No("this node has no peers");
        if (question is null) return new HandoverWish.No("nobody has ordered one");
        using var limit = new CancellationTokenSource(AnswerLimit);
        try
        {
            // Whoever does not heed the limit is not waited for.
            return await Task.Run(() => question(limit.Token)).WaitAsync(AnswerLimit + TimeSpan.FromSeconds(1));
        }
#pragma warning disable CA1031 // Not to know is no reason not to stop; the mail stays on the disk.
        catch (Exception e)
        {
            Unknown(e.Message);
            return new HandoverWish.No("it could not be found out whether this node comes back");
        }
#pragma warning restore CA1031
    }

    [LoggerMessage(30, LogLevel.Warning, "it could not be found out whether this node comes back: {Reason}")]
    private partial void Unknown(string reason);
}
