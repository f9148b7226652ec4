using System.CommandLine;
using System.Globalization;
using System.Net;
using MailCluster.Node.Configuration;

namespace MailCluster.Node.Administration;

/// <summary><c>suspend</c>, <c>resume</c> and <c>suspensions</c>: asks the node of this machine, at the address that its configuration names.</summary>
internal static class SuspensionCommands
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>All three.</summary>
    public static IEnumerable<Command> Create()
    {
        var file = new Option<string?>("--config") { Description = "The node's configuration file.", HelpName = "FILE" };
        var domain = new Argument<string>("DOMAIN") { Description = "The domain behind the at sign." };
        var reason = new Option<string?>("--reason") { Description = "Why: for the log, and for those who look.", HelpName = "TEXT" };
        var until = new Option<string?>("--until") { Description = "When it ends by itself: a duration such as 4h, or a time such as 2027-01-31T12:00:00Z.", HelpName = "WHEN" };
        var suspend = new Command("suspend", "Begin no attempt for a domain's mail, on all nodes. Mail for it is still taken and kept.") { domain, reason, until, file };
        suspend.SetAction((parsed, cancellation) => AskAsync(parsed.GetValue(file), HttpMethod.Put,
            Path(parsed.GetRequiredValue(domain), ("reason", parsed.GetValue(reason)), ("until", parsed.GetValue(until)), ("by", Environment.UserName)), cancellation));
        var resume = new Command("resume", "Let a suspended domain's mail go again, on all nodes.") { domain, reason, file };
        resume.SetAction((parsed, cancellation) => AskAsync(parsed.GetValue(file), HttpMethod.Delete,
            Path(parsed.GetRequiredValue(domain), ("reason", parsed.GetValue(reason)), ("by", Environment.UserName)), cancellation));
        var list = new Command("suspensions", "A line for each suspended domain.") { file };
        list.SetAction((parsed, cancellation) => AskAsync(parsed.GetValue(file), HttpMethod.Get, "/suspensions", cancellation));
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

    /// <summary>Asks and prints. Exit code 0 where the node agreed, 1 where it refused, 2 where it could not be asked.</summary>
    private static async Task<int> AskAsync(string? file, HttpMethod method, string path, CancellationToken cancellation)
    {
        var configuration = ConfigurationFile.Read(file);
        if (configuration.Options is not { } options)
        {
            foreach (var error in configuration.Errors) await Console.Error.WriteLineAsync(error.ToString());
            return 2;
        }

        var node = string.Create(CultureInfo.InvariantCulture, $"http://{Reachable(options.Admin.Bind)}");
        try
        {
            // Never through a proxy of the environment: it is this machine's own port.
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = Limit };
            using var request = new HttpRequestMessage(method, node + path);
            using var response = await client.SendAsync(request, cancellation);
            var text = await response.Content.ReadAsStringAsync(cancellation);
            await (response.IsSuccessStatusCode ? Console.Out : Console.Error).WriteAsync(response.IsSuccessStatusCode ? text : "mailcluster: " + text);
            return response.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync($"mailcluster: the node at {node} does not answer: {(e is HttpRequestException ? e.Message : $"not within {Limit.TotalSeconds:0} s")}");
            return 2;
        }
    }

    private static IPEndPoint Reachable(IPEndPoint bind) =>
        bind.Address.Equals(IPAddress.Any) ? new(IPAddress.Loopback, bind.Port) : bind.Address.Equals(IPAddress.IPv6Any) ? new(IPAddress.IPv6Loopback, bind.Port) : bind;
}
