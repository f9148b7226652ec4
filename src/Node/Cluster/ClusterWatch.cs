using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using MailCluster.Actors.Sites;
using MailCluster.Node.Hosting;
using MailCluster.Node.Http;

namespace MailCluster.Node.Cluster;

/// <summary>
/// Looks after a node that has joined: takes no mail while it is cut off from the majority, tells peers where it stands, keeps who is in the cluster for the next start, and ends the node when it
/// can be in this cluster no more.
/// </summary>
internal sealed partial class ClusterWatch(Formation formation, Membership membership, NodeReadiness readiness, NodeWork work, Func<ActorSystem> system, MembershipLog log, ILogger<ClusterWatch> logger) : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>The same until this node takes mail.</summary>
    private static readonly TimeSpan FirstInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>How long a node may be out of touch with the majority before that is said, and before it takes no more mail: a ping that comes late is no partition.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<string> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _inTouch = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Moment _started;
    private Moment _lastCurrent;
    private ImmutableArray<string> _remembered = [];
    private bool _cutOff;
    private Task _watching = Task.CompletedTask;

    /// <summary>Ends with the reason when this node is lost to its cluster.</summary>
    public Task<string> Lost => _lost.Task;

    /// <summary>Ends when this node takes mail for the first time: the others that came up with it may not have answered yet.</summary>
    public Task InTouch => _inTouch.Task;

    /// <summary>Begins; this node is up.</summary>
    public void Start()
    {
        _started = _lastCurrent = Moment.Of(system().Scheduler);
        Akka.Cluster.Cluster.Get(system()).RegisterOnMemberRemoved(() =>
        {
            // Once it stops by itself it leaves, and is removed in the end.
            if (!_stop.IsCancellationRequested) _lost.TrySetResult("this node was removed from the cluster");
        });
        _watching = WatchAsync();
    }

    /// <summary>Ends it, and tells peers that this node is going.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        formation.Stand(BootstrapStanding.Leaving, []);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        try
        {
            using var timer = new PeriodicTimer(FirstInterval);
            do
            {
                var cluster = Akka.Cluster.Cluster.Get(system());
                log.Follow(cluster.State, cluster.SelfUniqueAddress);
                var now = Moment.Of(system().Scheduler);
                Look(cluster.State, cluster.SelfUniqueAddress, membership.Now, now);
                if (timer.Period != Interval && (InTouch.IsCompleted || now.Since(_started) >= Patience)) timer.Period = Interval;
            }
            while (await NextAsync(timer));
        }
        catch (Exception e)
        {
            // Nobody would look after this node any more, and nobody would know.
            _lost.TrySetResult(e.ToString());
        }
    }

    private async Task<bool> NextAsync(PeriodicTimer timer)
    {
        try
        {
            return !Lost.IsCompleted && await timer.WaitForNextTickAsync(_stop.Token);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void Look(ClusterEvent.CurrentClusterState state, UniqueAddress self, Membership.View view, Moment now)
    {
        var up = state.Members.Where(member => member.Status is not (MemberStatus.Joining or MemberStatus.WeaklyUp or MemberStatus.Down or MemberStatus.Removed)).ToList();

        // One that has been downed sees the rest go on without it; what it was a member of is what it saw before.
        if (!up.Exists(member => member.UniqueAddress == self)) return;
        Remember([.. up.Select(member => MembershipLog.NameOf(member.Address)).Order(StringComparer.Ordinal)]);

        if (view.IsCurrent(now))
        {
            _lastCurrent = now;
            Stand(BootstrapStanding.Member, null);
            _inTouch.TrySetResult();
        }
        else if (now.Since(_lastCurrent) >= Patience)
        {
            Stand(BootstrapStanding.CutOff, "no majority of the members answers");
        }
        else
        {
            formation.Stand(InTouch.IsCompleted ? BootstrapStanding.Member : BootstrapStanding.CutOff, _remembered);
        }

        void Stand(BootstrapStanding standing, string? reason)
        {
            formation.Stand(standing, _remembered);
            if (readiness.ClusterMissing == reason) return;
            // Whoever reads that this node is ready finds it so.
            work.SetReady(reason is null);
            readiness.ClusterMissing = reason;
            if (reason is not null) CutsOff(reason);
            else if (_cutOff) Returns();
            _cutOff = reason is not null;
        }
    }

    private void Remember(ImmutableArray<string> members)
    {
        if (members.SequenceEqual(_remembered)) return;
        _remembered = members;
        formation.Remember(members);
    }

    [LoggerMessage(70, LogLevel.Warning, "no new mail is taken, this node is cut off from its cluster: {Reason}")]
    private partial void CutsOff(string reason);

    [LoggerMessage(71, LogLevel.Information, "the cluster is in reach again, mail is taken")]
    private partial void Returns();
}
