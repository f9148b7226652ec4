using System.CommandLine;

namespace MailCluster.Node.Administration;

/// <summary><c>handover</c>: tells the node of this machine to leave for good.</summary>
internal static class HandoverCommand
{
    /// <summary>Makes it.</summary>
    public static Command Create()
    {
        var file = new Option<string?>("--config") { Description = "The node's configuration file.", HelpName = "FILE" };
        var command = new Command("handover", "Stop the node for good: before it ends it gives its mail to the other nodes of the cluster.") { file };
        command.SetAction((parsed, cancellation) => AdminClient.AskAsync(parsed.GetValue(file), HttpMethod.Post, $"/handover?by={Uri.EscapeDataString(Environment.UserName)}", cancellation));
        return command;
    }
}
