using Akka.Event;

namespace MailCluster.Node.Logging;

/// <summary>Takes what the actor system says before its log is there and after it has gone: warnings and errors, to standard error. The rest is how every start and stop goes.</summary>
internal sealed class AkkaStandardError : MinimalLogger
{
    /// <inheritdoc/>
    protected override void Log(object message)
    {
        if (message is Warning or Error) Console.Error.WriteLine(message.ToString()!.ReplaceLineEndings(" | "));
    }
}
