using System.Globalization;
using System.Net;
using MailCluster.Node.Configuration;

namespace MailCluster.Node.Administration;

/// <summary>How commands ask the node of this machine, at the address that its configuration names.</summary>
internal static class AdminClient
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>Asks and prints. Exit code 0 where the node agreed, 1 where it refused, 2 where it could not be asked.</summary>
    public static async Task<int> AskAsync(string? file, HttpMethod method, string path, CancellationToken cancellation)
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
