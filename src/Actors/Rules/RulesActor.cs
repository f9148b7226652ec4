using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Rules;

/// <summary>
/// Keeps a node's administrative rules: the shell of <see cref="RulesState"/>. One per node, at <c>/user/rules</c>. An operator's word is on the disk before it counts, and before it is told to
/// the others; theirs counts at once and is stored as soon as the disk takes it.
/// </summary>
internal sealed class RulesActor : UntypedActor, IWithTimers
{
    /// <summary>The name under which members find each other's.</summary>
    public const string Name = "rules";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>A file without changes is written again after so long: its age says how long the node was away.</summary>
    private static readonly TimeSpan Refreshed = TimeSpan.FromHours(12);

    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly RuleFile _file;
    private readonly SuspendedDomains _suspended;
    private readonly NodeId _self;
    private readonly RulesState _state;
    private readonly List<RulesEffect> _effects = [];
    private RuleSet _saved;
    private DateTimeOffset _savedAt;
    private bool _saveFails;

    public RulesActor(RuleFile file, SuspendedDomains suspended)
    {
        (_file, _suspended) = (file, suspended);
        _self = NodeId.Of(_cluster.SelfUniqueAddress);
        _state = new(_self, file.Rules, file.SavedAt, Now);
        _saved = file.Rules;
        _savedAt = file.SavedAt ?? DateTimeOffset.MinValue;
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private static DateTimeOffset Now => Context.System.Scheduler.Now;

    /// <summary>Makes the actor.</summary>
    /// <param name="path">The file, <c>data/rules</c>. Read here, so that a node keeps to its rules before it has joined anybody.</param>
    /// <param name="suspended">Where the suspensions among the rules are shown.</param>
    /// <param name="now">Now.</param>
    public static Props Props(string path, SuspendedDomains suspended, DateTimeOffset now)
    {
        var file = RuleFile.Open(path, now);
        suspended.Set(file.Rules, now);
        return Akka.Actor.Props.Create(() => new RulesActor(file, suspended));
    }

    /// <inheritdoc/>
    protected override void PreStart()
    {
        if (_file.Damage is { } damage)
        {
            _log.Error("rules: {0}; the other nodes are asked for theirs", damage);
        }

        foreach (var suspension in _suspended.All)
        {
            _log.Info("domain={0} is suspended since={1:u} until={2} by={3} reason={4}", suspension.Domain, suspension.At, End(suspension), suspension.Author, suspension.Reason);
        }

        if (_state.IsOutdated)
        {
            _log.Warning("rules: last written {0:u}; what the other nodes say replaces them", _savedAt);
        }

        _cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));
        Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, Interval);
        Apply();
    }

    /// <inheritdoc/>
    protected override void PostStop() => _cluster.Unsubscribe(Self);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case RulesProtocol.Put put:
                Do(() => _state.Make(put, Now), put.Key);
                break;
            case RulesProtocol.Remove remove:
                Do(() => _state.MakeTombstone(remove, Now), remove.Key);
                break;
            case RulesProtocol.Digest digest:
                _state.On(digest, _effects);
                break;
            case RulesProtocol.Told told:
                _state.On(told, Now);
                break;
            case Tick:
                _state.OnTick(Now, _effects);
                break;
            case Ended:
                break;
            case ClusterEvent.MemberRemoved removed:
                _state.Left(NodeId.Of(removed.Member.UniqueAddress));
                break;
            case ClusterEvent.IMemberEvent changed:
                _state.Joined(NodeId.Of(changed.Member.UniqueAddress), _effects);
                break;
            default:
                Unhandled(message);
                return;
        }

        Apply();
    }

    /// <summary>An operator's word: on the disk first.</summary>
    private void Do(Func<Rule?> make, RuleKey key)
    {
        try
        {
            var rule = make();
            if (rule is not null)
            {
                Save(_state.Rules.Merge([rule]));
                _state.Take(rule, _effects);
                Apply();
            }

            Sender.Tell(new RulesProtocol.Done(rule ?? _state.Rules.Find(key), rule is not null, _state.Peers.Count));
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            _log.Error("rules: {0} could not be stored: {1}", key, failed.Message);
            Sender.Tell(new RulesProtocol.Refused(failed.Message));
        }
    }

    /// <summary>What counts is shown, stored where it is not yet, and told.</summary>
    private void Apply()
    {
        foreach (var change in _suspended.Set(_state.Rules, Now))
        {
            LogChange(change.Before, change.After);
        }

        SaveLater();
        SetAlarm();
        foreach (var effect in _effects)
        {
            Context.ActorSelection(new RootActorPath(effect.Node.ToAddress(_cluster.SelfAddress)) / "user" / Name).Tell(effect.Message, Self);
        }

        _effects.Clear();
    }

    private void LogChange(Suspension? before, Suspension? after)
    {
        if (after is not null)
        {
            _log.Info("domain={0} suspended until={1} by={2} reason={3}", after.Domain, End(after), after.Author, after.Reason);
        }
        else if (before is not null && _state.Rules.Find(Suspension.KeyOf(before.Domain)) is { IsRemoved: true } removed)
        {
            _log.Info("domain={0} resumed by={1} reason={2}", before.Domain, removed.Author, removed.Reason);
        }
        else
        {
            _log.Info("domain={0} resumed: its suspension has ended", before?.Domain);
        }
    }

    private static string End(Suspension suspension) => suspension.Until is { } until ? $"{until.UtcDateTime:u}" : "resumed";

    private void SaveLater()
    {
        if (ReferenceEquals(_saved, _state.Rules) && (_saved.Count == 0 || Now - _savedAt < Refreshed))
        {
            return;
        }

        try
        {
            Save(_state.Rules);
            _saveFails = false;
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            if (!_saveFails)
            {
                _saveFails = true;
                _log.Error("rules: what other nodes told cannot be stored; tried again every {0} s: {1}", Interval.TotalSeconds, failed.Message);
            }
        }
    }

    private void Save(RuleSet rules)
    {
        // While it is outdated it must still look so after the next start.
        var at = _state.IsOutdated ? _savedAt : Now;
        _file.Save(rules, at);
        (_saved, _savedAt) = (rules, at);
    }

    /// <summary>A suspension that ends by itself ends on time.</summary>
    private void SetAlarm()
    {
        var next = _suspended.All.Min(suspension => suspension.Until);
        if (next is { } until)
        {
            var left = until - Now;
            Timers.StartSingleTimer(Ended.Instance, Ended.Instance, left < TimeSpan.Zero ? TimeSpan.Zero : left < TimeSpan.FromHours(1) ? left : TimeSpan.FromHours(1));
        }
    }

    private sealed class Tick : INoSerializationVerificationNeeded
    {
        public static readonly Tick Instance = new();
    }

    private sealed class Ended : INoSerializationVerificationNeeded
    {
        public static readonly Ended Instance = new();
    }
}
