using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailCluster.EndToEnd.Tests.Support;

/// <summary>A client that says just what it is told, and hands back replies as they come.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly TcpClient _client;
    private readonly NetworkStream _stream;
    private readonly StreamReader _reader;

    public RawClient(int port, string from = "127.0.0.1")
    {
        _client = new(new IPEndPoint(IPAddress.Parse(from), 0));
        try
        {
            _client.Connect(_client.Client.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Loopback : IPAddress.Loopback, port);
        }
        catch (SocketException)
        {
            _client.Dispose();
            throw;
        }
        _client.NoDelay = true;
        _stream = _client.GetStream();
        _reader = new(_stream, Encoding.Latin1);
    }

    /// <summary>Connects, takes the greeting and says EHLO.</summary>
    public static async Task<RawClient> HelloAsync(int port, string from = "127.0.0.1")
    {
        var client = new RawClient(port, from);
        try
        {
            Assert.StartsWith("220", await client.ReplyAsync(), StringComparison.Ordinal);
            Assert.StartsWith("250", await client.SayAsync("EHLO client.test"), StringComparison.Ordinal);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>The next reply, its lines joined by LF; "" when the other side has closed.</summary>
    public async Task<string> ReplyAsync()
    {
        var lines = new List<string>();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        do
        {
            if (await _reader.ReadLineAsync(limit.Token) is not { } line)
            {
                break;
            }
            lines.Add(line);
        }
        while (lines[^1] is [_, _, _, '-', ..]);
        return string.Join('\n', lines);
    }

    /// <summary>Says a line and returns the reply.</summary>
    public async Task<string> SayAsync(string line)
    {
        await SendAsync(line + "\r\n");
        return await ReplyAsync();
    }

    /// <summary>Sends octets (Latin-1) as they are.</summary>
    public async Task SendAsync(string octets) => await _stream.WriteAsync(Encoding.Latin1.GetBytes(octets));

    /// <summary>A whole transaction; the reply to the end of data.</summary>
    public async Task<string> MailAsync(string from, string to, string content)
    {
        if (await SayAsync($"MAIL FROM:<{from}>") is var mail && !mail.StartsWith('2'))
        {
            return mail;
        }
        if (await SayAsync($"RCPT TO:<{to}>") is var rcpt && !rcpt.StartsWith('2'))
        {
            return rcpt;
        }
        if (await SayAsync("DATA") is var data && !data.StartsWith('3'))
        {
            return data;
        }
        await SendAsync(content.Replace("\r\n.", "\r\n..", StringComparison.Ordinal) + (content.EndsWith("\r\n", StringComparison.Ordinal) ? ".\r\n" : "\r\n.\r\n"));
        return await ReplyAsync();
    }

    public void Dispose()
    {
        _reader.Dispose();
        _client.Dispose();
    }
}
