using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Dispatch;
using Akka.Event;

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
                var logger = _loggers.CreateLogger(entry.LogClass.FullName ?? entry.LogSource);
                if (logger.IsEnabled(level)) logger.Log(level, default, (entry.LogSource, entry.Message), entry.Cause, static (state, _) => $"{state.Message} ({state.LogSource})");
                return true;
            default:
                return false;
        }
    }
}
