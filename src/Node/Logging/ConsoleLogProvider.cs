using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace MailCluster.Node.Logging;

/// <summary>The console as a place for log lines: one a line, in UTC, in the order of writing.</summary>
internal sealed class ConsoleLogProvider(ConsoleLog log) : ILoggerProvider
{
    private readonly ConcurrentDictionary<string, Category> _categories = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => _categories.GetOrAdd(categoryName, static (name, log) => new Category(name, log), log);

    /// <inheritdoc/>
    public void Dispose() => log.Dispose();

    private sealed class Category(string name, ConsoleLog log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel is not LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel is not LogLevel.None) log.Write(logLevel, name, formatter(state, exception), exception);
        }
    }
}
