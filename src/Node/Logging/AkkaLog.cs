using System.Globalization;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Dispatch;
using Akka.Event;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace MailCluster.Node.Logging;

/// <summary>Takes the log entries of the actor system to the console, as entries of the part that wrote them.</summary>
internal sealed class AkkaLog : ActorBase, IRequiresMessageQueue<ILoggerMessageQueueSemantics>
{
    private readonly ILoggerFactory _loggers = Context.System.Settings.Setup.Get<LoggerSetup>().Value.Loggers;

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
                var (category, format) = entry.LogClass.FullName is { } name && name.StartsWith("MailCluster.", StringComparison.Ordinal) ? (name, "{0}") : ("Akka", "{0} ({1})");
                var logger = _loggers.CreateLogger(category);
                if (logger.IsEnabled(level)) logger.Log(level, default, (format, entry), entry.Cause, static (state, _) => string.Format(CultureInfo.InvariantCulture, state.format, state.entry.Message, Source(state.entry)));
                return true;
            default:
                return false;
        }
    }
}
