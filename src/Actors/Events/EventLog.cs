namespace MailCluster.Actors.Events;

/// <summary>The event log: one JSON line per fate, under <c>events/</c> in the data directory. Writing never waits for the disk.</summary>
public abstract class EventLog : IAsyncDisposable
{
    /// <summary>Hands over a line. May be called from any thread; costs about a microsecond.</summary>
    public abstract void Write(in FateEvent fate);

    /// <summary>Writes out what is in memory and closes the file.</summary>
    public abstract ValueTask DisposeAsync();
}
