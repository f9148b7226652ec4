using System.Collections.Concurrent;
using MailCluster.Actors.Events;

namespace MailCluster.Actors.Tests.Sessions;

/// <summary>An event log in memory.</summary>
public sealed class RecordedEvents : EventLog
{
    public ConcurrentQueue<FateEvent> All { get; } = new();

    public override void Write(in FateEvent fate) => All.Enqueue(fate);

    public override ValueTask DisposeAsync() => default;
}
