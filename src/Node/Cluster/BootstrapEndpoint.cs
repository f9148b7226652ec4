using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using MailCluster.Node.Configuration;

namespace MailCluster.Node.Cluster;

/// <summary>
/// The small endpoint that peers ask before they join, from the first second to the last. Each connection is one question and one answer. It tells TLS from plain text by the first octet, so
/// that a peer of the other kind is told what is wrong rather than left with a broken handshake.
/// </summary>
internal sealed class BootstrapEndpoint(ClusterOptions options, PeerCertificates? certificates, Complaints complaints, Func<string, BootstrapAnswer> answer) : IAsyncDisposable
{
    /// <summary>The refusal of a question in plain text where TLS is needed.</summary>
    public const string NeedsTls = "tls";

    /// <summary>The refusal of TLS where there is none.</summary>
    private const string HasNoTls = "no tls";

    /// <summary>The first octet of a TLS handshake record (RFC 8446 section 5.1).</summary>
    private const byte Handshake = 0x16;

    /// <summary>Questions that are answered at a time; further ones wait to be accepted.</summary>
    private const int Most = 64;

    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _room = new(Most);
    private Task _accepting = Task.CompletedTask;
    private Socket? _socket;

    /// <summary>Begins to answer on a socket that is bound.</summary>
    public void Start(Socket socket)
    {
        _socket = socket;
        socket.Listen(512);
        _accepting = AcceptAsync(socket);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _socket?.Dispose();
        await _accepting;
        for (var i = 0; i < Most; i++) await _room.WaitAsync();
        _stop.Dispose();
        _room.Dispose();
    }

    private async Task AcceptAsync(Socket socket)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _room.WaitAsync(_stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            try
            {
                _ = ServeAsync(await socket.AcceptAsync(_stop.Token));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // Stopped; or the connection was gone before it was accepted, or the process has no more files: then the next one may do.
                _room.Release();
                if (e is SocketException && !_stop.IsCancellationRequested) await Task.Delay(50);
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        var from = (socket.RemoteEndPoint as IPEndPoint)?.Address.ToString() ?? "somebody";
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            limit.CancelAfter(BootstrapAsker.Limit);
            await using var stream = new NetworkStream(socket, ownsSocket: true);
            await AnswerAsync(socket, stream, from, limit.Token);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or JsonException or AuthenticationException)
        {
            // A peer that went, or a stranger: whatever there is to say has been said.
        }
        finally
        {
            _room.Release();
        }
    }

    private async Task AnswerAsync(Socket socket, NetworkStream stream, string from, CancellationToken cancellation)
    {
        var first = new byte[1];
        if (await socket.ReceiveAsync(first, SocketFlags.Peek, cancellation) == 0) return;
        switch (first[0] == Handshake, certificates)
        {
            case (true, null):
                complaints.Say($"TLS from {from}", $"a node at {from} speaks TLS, and here cluster.tls is not set; set it on all nodes or on none");
                await BootstrapLine.WriteAsync(stream, Refusal(HasNoTls), BootstrapJson.Default.BootstrapAnswer, cancellation);

                // Closing with the handshake unread would reset the connection, and the refusal with it.
                socket.Shutdown(SocketShutdown.Send);
                await stream.CopyToAsync(Stream.Null, cancellation);
                break;

            case (false, { }):
                var asked = await BootstrapLine.ReadAsync(stream, BootstrapJson.Default.BootstrapQuestion, cancellation);
                complaints.Say($"no TLS from {from}", $"a node at {from}, {Shown(asked.From)}, speaks no TLS, and here cluster.tls is set; set it on all nodes or on none");
                await BootstrapLine.WriteAsync(stream, Refusal(NeedsTls), BootstrapJson.Default.BootstrapAnswer, cancellation);
                break;

            case (true, { } own):
                await using (var tls = new SslStream(stream, leaveInnerStreamOpen: true))
                {
                    await tls.AuthenticateAsServerAsync(own.AsServer(reason => complaints.Say($"certificate from {from}",
                        $"a node at {from} is refused, its certificate is not one of this cluster's (cluster.tls.authority): {reason}")), cancellation);
                    await AnswerAsync(tls, from, cancellation);
                }

                break;

            default:
                await AnswerAsync(stream, from, cancellation);
                break;
        }
    }

    private async Task AnswerAsync(Stream stream, string from, CancellationToken cancellation)
    {
        var question = await BootstrapLine.ReadAsync(stream, BootstrapJson.Default.BootstrapQuestion, cancellation);
        if (question.To != options.Name)
        {
            complaints.Say($"name from {question.From}", $"{Shown(question.From)} at {from} calls this node {Shown(question.To)} (its cluster.nodes), but it calls itself {options.Name} (cluster.address); its name must be the same everywhere");
        }

        await BootstrapLine.WriteAsync(stream, answer(question.From), BootstrapJson.Default.BootstrapAnswer, cancellation);
    }

    private BootstrapAnswer Refusal(string reason) => new() { Name = options.Name, Refusal = reason };

    /// <summary>What a stranger said, cut to what a log line bears.</summary>
    private static string Shown(string text) => text.Length <= 300 ? text : text[..300];
}
