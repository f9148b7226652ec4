using System.Text.RegularExpressions;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Dispatch;
using Akka.Event;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace MailCluster.Node.Logging;

/// <summary>
/// Takes the log entries of the actor system to the console, as entries of the part that wrote them. What Akka itself repeats is written once and then counted; what it says of connections is cut
/// to one line without the stack of its own code.
/// </summary>
internal sealed partial class AkkaLog : ActorBase, IRequiresMessageQueue<ILoggerMessageQueueSemantics>
{
    /// <summary>How long a line about a peer's connection is only counted.</summary>
    private static readonly TimeSpan OfConnections = TimeSpan.FromHours(1);

    /// <summary>The same for everything else that Akka says.</summary>
    private static readonly TimeSpan OfOthers = TimeSpan.FromMinutes(10);

    private readonly ILoggerFactory _loggers = Context.System.Settings.Setup.Get<LoggerSetup>().Value.Loggers;
    private readonly RepeatedLines _repeated = new(TimeProvider.System);

    /// <summary>How the actor system learns of the host's loggers.</summary>
    public sealed class LoggerSetup(ILoggerFactory loggers) : Setup
    {
        /// <summary>The host's loggers.</summary>
        public ILoggerFactory Loggers => loggers;
    }

    private static string Source(LogEvent entry) => entry.LogSource.Split(" (akka:", 2)[0];

    /// <inheritdoc/>
    protected override bool Receive(object message)
    {
        switch (message)
        {
            case InitializeLogger:
                Sender.Tell(new LoggerInitialized());
                return true;
            case LogEvent entry:
                var level = entry switch
                {
                    Akka.Event.Error => LogLevel.Error,
                    Warning => LogLevel.Warning,
                    Info => LogLevel.Information,
                    _ => LogLevel.Debug,
                };
                if (entry.LogClass.FullName is { } name && name.StartsWith("MailCluster.", StringComparison.Ordinal)) WriteOurs(name, level, entry);
                else WriteAkkas(level, entry);
                return true;
            default:
                return false;
        }
    }

    private void WriteOurs(string category, LogLevel level, LogEvent entry)
    {
        var logger = _loggers.CreateLogger(category);
        if (logger.IsEnabled(level)) logger.Log(level, default, entry, entry.Cause, static (entry, _) => entry.Message?.ToString() ?? "");
    }

    private void WriteAkkas(LogLevel level, LogEvent entry)
    {
        var logger = _loggers.CreateLogger("Akka");
        if (!logger.IsEnabled(level)) return;
        var (text, source) = (entry.Message?.ToString() ?? "", Source(entry));
        var ofConnection = source == "remoting" || source.Contains("/system/endpointManager", StringComparison.Ordinal) || source.Contains("/system/transports", StringComparison.Ordinal);
        if (ofConnection)
        {
            text = text.Split('\n', 2)[0].TrimEnd();
            if (entry.Cause is { } cause) text += $" ({cause.GetType().Name}: {cause.Message.Split('\n', 2)[0].TrimEnd()})";
        }

        var same = Numbers().Replace(text, "#") + (ofConnection ? "" : source);
        var held = 0L;
        if (level >= LogLevel.Warning && !_repeated.Admit(same, ofConnection ? OfConnections : OfOthers, out held)) return;
        var again = held > 0 ? $" (and {held} times more before)" : "";
        logger.Log(level, default, ofConnection ? text + again : $"{text}{again} ({source})", ofConnection ? null : entry.Cause, static (line, _) => line);
    }

    /// <summary>Numbers that count or identify, not those of addresses and ports.</summary>
    [GeneratedRegex(@"(?<![.:\d\w])-?\d+(?![.:\d\w])", RegexOptions.CultureInvariant)]
    private static partial Regex Numbers();
}
