using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using MailCluster.Node.Configuration;

namespace MailCluster.Node.Cluster;

/// <summary>Asks peers where they stand: a connection for each question.</summary>
internal sealed class BootstrapAsker(ClusterOptions options, PeerCertificates? certificates)
{
    /// <summary>How long one question may take, from the resolution of the name on.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private readonly int _offset = options.Bootstrap.Port - options.Bind.Port;

    /// <summary>Asks the node that <paramref name="peer"/> names.</summary>
    public async Task<BootstrapReply> AskAsync(string peer, CancellationToken cancellation)
    {
        var colon = peer.LastIndexOf(':');
        var (host, port) = (peer[..colon].Trim('[', ']'), int.Parse(peer.AsSpan(colon + 1), CultureInfo.InvariantCulture) + _offset);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Limit);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(host, port, limit.Token);
            await using var stream = new FirstOctetStream(client.GetStream());
            return Judge(peer, await AskAsync(peer, host, stream, limit.Token));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return BootstrapReply.Silent("does not answer");
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain)
        {
            return BootstrapReply.Mistake($"its name cannot be resolved: {e.Message}");
        }
        catch (JsonException)
        {
            return BootstrapReply.Mistake($"what answers at port {port} is no node's bootstrap endpoint");
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return BootstrapReply.Silent(e.Message);
        }
    }

    private async Task<BootstrapReply> AskAsync(string peer, string host, FirstOctetStream stream, CancellationToken cancellation)
    {
        var question = new BootstrapQuestion { From = options.Name, To = peer };
        if (certificates is null)
        {
            await BootstrapLine.WriteAsync(stream, question, BootstrapJson.Default.BootstrapQuestion, cancellation);
            return BootstrapReply.From(await BootstrapLine.ReadAsync(stream, BootstrapJson.Default.BootstrapAnswer, cancellation));
        }

        string? refused = null;
        await using var tls = new SslStream(stream, leaveInnerStreamOpen: true);
        try
        {
            await tls.AuthenticateAsClientAsync(certificates.AsClient(host, reason => refused = reason), cancellation);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            if (refused is not null) return BootstrapReply.Mistake($"its certificate is not one of this cluster's (cluster.tls.authority): {refused}");
            return stream.First == (byte)'{'
                ? BootstrapReply.Mistake("it speaks no TLS, and here cluster.tls is set; set it on all nodes or on none")
                : BootstrapReply.Silent(stream.First is null ? "it closed the connection" : $"TLS failed: {e.Message}");
        }

        try
        {
            await BootstrapLine.WriteAsync(tls, question, BootstrapJson.Default.BootstrapQuestion, cancellation);
            return BootstrapReply.From(await BootstrapLine.ReadAsync(tls, BootstrapJson.Default.BootstrapAnswer, cancellation));
        }
        catch (IOException)
        {
            // With TLS 1.3 a server's verdict over our certificate comes after our handshake is through.
            return BootstrapReply.Mistake("it broke off after the TLS handshake: it may not take this node's certificate (cluster.tls.certificate); its log says why");
        }
    }

    private BootstrapReply Judge(string peer, BootstrapReply reply) => reply.Answer switch
    {
        null => reply,
        { Refusal: BootstrapEndpoint.NeedsTls } => BootstrapReply.Mistake("it speaks only TLS, and here cluster.tls is not set; set it on all nodes or on none"),
        { Refusal: { } refusal } => BootstrapReply.Silent(refusal),
        var answer when answer.Name == options.Name => BootstrapReply.Mistake($"it is this node itself, which calls itself {options.Name} (cluster.address)"),
        var answer when answer.Name != peer => BootstrapReply.Mistake($"the node there calls itself {answer.Name} (its cluster.address); its name must be the same everywhere"),
        _ => reply,
    };
}
