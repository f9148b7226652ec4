using Akka.Actor;
using Akka.Event;
using Google.Protobuf;
using MailCluster.Actors.Disk;
using MailCluster.Actors.Wire;
using Proto = MailCluster.Actors.Wire.Proto;

namespace MailCluster.Actors.Facts;

/// <summary>Writes a node's <see cref="FactStore"/> to <c>data/facts</c>, at most every ten seconds, and when the node stops. One per node, at <c>/user/facts</c>.</summary>
internal sealed class FactsActor : UntypedActor, IWithTimers
{
    /// <summary>Its name.</summary>
    public const string Name = "facts";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly CheckedFile _file;
    private readonly FactStore _facts;
    private readonly string? _damage;
    private int _saved;
    private bool _saveFails;

    public FactsActor(CheckedFile file, FactStore facts, string? damage) => (_file, _facts, _damage, _saved) = (file, facts, damage, facts.Changes);

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Makes the actor.</summary>
    /// <param name="path">The file, <c>data/facts</c>. Read here: a new incarnation on this node must not begin before what it left is known. One that is damaged is moved aside.</param>
    /// <param name="facts">What is to be kept.</param>
    /// <param name="now">Now.</param>
    public static Props Props(string path, FactStore facts, DateTimeOffset now)
    {
        var file = new CheckedFile(path, "facts", version: 1);
        string? damage = null;
        try
        {
            foreach (var kept in file.Read() is { } content ? Proto.FactFile.Parser.ParseFrom(content).Facts : [])
            {
                facts.Keep(new(kept.Kind, kept.Name), FactsWire.Read(kept.Fact), now);
            }
        }
        catch (Exception broken) when (broken is InvalidDataException or InvalidProtocolBufferException)
        {
            damage = $"{path}: {broken.Message}; moved to {file.MoveAside(now)}";
        }

        return Akka.Actor.Props.Create(() => new FactsActor(file, facts, damage));
    }

    /// <inheritdoc/>
    protected override void PreStart()
    {
        if (_damage is not null)
        {
            _log.Error("facts: {0}; what was learned of domains and sites is learned anew", _damage);
        }

        Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, Interval);
    }

    /// <inheritdoc/>
    protected override void PostStop() => Save();

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        if (message is Tick)
        {
            Save();
        }
        else
        {
            Unhandled(message);
        }
    }

    private void Save()
    {
        var changes = _facts.Changes;
        if (changes == _saved)
        {
            return;
        }

        try
        {
            var written = new Proto.FactFile();
            written.Facts.Add(_facts.All(Context.System.Scheduler.Now).Select(kept => new Proto.KeptFact { Kind = kept.Key.Kind, Name = kept.Key.Name, Fact = FactsWire.Write(kept.Fact) }));
            _file.Write(written.ToByteArray());
            (_saved, _saveFails) = (changes, false);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            if (!_saveFails)
            {
                _saveFails = true;
                _log.Warning("facts: {0} cannot be written; tried again every {1} s: {2}", _file.Path, Interval.TotalSeconds, failed.Message);
            }
        }
    }

    private sealed class Tick : INoSerializationVerificationNeeded
    {
        public static readonly Tick Instance = new();
    }
}
