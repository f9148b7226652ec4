using System.CommandLine;

namespace MailCluster.Node.Administration;

/// <summary><c>suspend</c>, <c>resume</c> and <c>suspensions</c>: asks the node of this machine, at the address that its configuration names.</summary>
internal static class SuspensionCommands
{
    /// <summary>All three.</summary>
    public static IEnumerable<Command> Create()
    {
        var file = new Option<string?>("--config") { Description = "The node's configuration file.", HelpName = "FILE" };
        var domain = new Argument<string>("DOMAIN") { Description = "The domain behind the at sign." };
        var reason = new Option<string?>("--reason") { Description = "Why: for the log, and for those who look.", HelpName = "TEXT" };
        var until = new Option<string?>("--until") { Description = "When it ends by itself: a duration such as 4h, or a time such as 2027-01-31T12:00:00Z.", HelpName = "WHEN" };
        var suspend = new Command("suspend", "Begin no attempt for a domain's mail, on all nodes. Mail for it is still taken and kept.") { domain, reason, until, file };
        suspend.SetAction((parsed, cancellation) => AdminClient.AskAsync(parsed.GetValue(file), HttpMethod.Put,
            Path(parsed.GetRequiredValue(domain), ("reason", parsed.GetValue(reason)), ("until", parsed.GetValue(until)), ("by", Environment.UserName)), cancellation));
        var resume = new Command("resume", "Let a suspended domain's mail go again, on all nodes.") { domain, reason, file };
        resume.SetAction((parsed, cancellation) => AdminClient.AskAsync(parsed.GetValue(file), HttpMethod.Delete,
            Path(parsed.GetRequiredValue(domain), ("reason", parsed.GetValue(reason)), ("by", Environment.UserName)), cancellation));
        var list = new Command("suspensions", "A line for each suspended domain.") { file };
        list.SetAction((parsed, cancellation) => AdminClient.AskAsync(parsed.GetValue(file), HttpMethod.Get, "/suspensions", cancellation));
        return [suspend, resume, list];
    }

    private static string Path(string domain, params ReadOnlySpan<(string Name, string? Value)> query)
    {
        var path = "/suspensions/" + Uri.EscapeDataString(domain);
        var separator = '?';
        foreach (var (name, value) in query)
        {
            if (!string.IsNullOrEmpty(value))
            {
                path += $"{separator}{name}={Uri.EscapeDataString(value)}";
                separator = '&';
            }
        }

        return path;
    }
}
