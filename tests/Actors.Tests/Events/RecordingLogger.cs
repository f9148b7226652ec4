using System.Collections.Concurrent;
using MailCluster.Actors.Events;
using Microsoft.Extensions.Logging;

namespace MailCluster.Actors.Tests.Events;

/// <summary>Keeps what was logged.</summary>
internal sealed class RecordingLogger : ILogger<EventLog>
{
    private readonly ConcurrentQueue<string> _lines = [];

    public bool Any(string part) => _lines.Any(line => line.Contains(part, StringComparison.Ordinal));

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue(formatter(state, exception));
}
