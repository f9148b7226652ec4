using System.CommandLine;

namespace MailCluster.Node.Administration;

/// <summary><c>handover</c>: tells the node of this machine to leave for good. <c>handover waiting</c> and <c>handover keep</c>: what to do about mail whose receiver has not said whether it had it.</summary>
internal static class HandoverCommand
{
    /// <summary>Makes it.</summary>
    public static Command Create()
    {
        var file = new Option<string?>("--config") { Description = "The node's configuration file.", HelpName = "FILE" };
        var by = $"by={Uri.EscapeDataString(Environment.UserName)}";
        var waiting = new Command("waiting", "A line for each receiver that has not said whether it had mail of this node: its spool, its name, how many messages.") { file };
        waiting.SetAction((parsed, cancellation) => AdminClient.AskAsync(parsed.GetValue(file), HttpMethod.Get, "/handover", cancellation));
        var receiver = new Argument<string>("RECEIVER") { Description = "The id of its spool, the first word of its line." };
        var keep = new Command("keep", "Deliver from here what waits for a receiver that is gone for good, with its disk. Should it come back, what it had of that is delivered twice.") { receiver, file };
        keep.SetAction((parsed, cancellation) => AdminClient.AskAsync(parsed.GetValue(file), HttpMethod.Post, $"/handover/keep/{Uri.EscapeDataString(parsed.GetRequiredValue(receiver))}?{by}", cancellation));
        var command = new Command("handover", "Stop the node for good: before it ends it gives its mail to the other nodes of the cluster.") { file, waiting, keep };
        command.SetAction((parsed, cancellation) => AdminClient.AskAsync(parsed.GetValue(file), HttpMethod.Post, $"/handover?{by}", cancellation));
        return command;
    }
}
