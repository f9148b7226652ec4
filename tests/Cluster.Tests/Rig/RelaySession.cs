using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailCluster.Cluster.Tests.Rig;

/// <summary>An application's connection to the relay.</summary>
internal sealed class RelaySession : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly NetworkStream _stream;
    private readonly StreamReader _reader;

    private RelaySession(Socket socket)
    {
        _stream = new(socket, ownsSocket: true);
        _reader = new(_stream, Encoding.Latin1);
    }

    /// <summary>True from the sending of the end of data to its reply: if the connection ends then, nobody knows whether the message was taken.</summary>
    public bool IsUncertain { get; private set; }

    /// <summary>True inside a transaction.</summary>
    public bool InTransaction { get; private set; }

    /// <summary>Connects and says EHLO. A refusal is the reply instead of a session.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="SocketException">Nobody took the connection.</exception>
    public static async Task<(RelaySession? Session, string Reply)> OpenAsync(NetworkNamespace from, IPEndPoint to)
    {
        var session = new RelaySession(await from.ConnectAsync(to, TimeSpan.FromSeconds(3)));
        try
        {
            var greeting = await session.ReplyAsync();
            var reply = greeting.StartsWith('2') ? await session.SayAsync("EHLO client.test") : greeting;
            if (reply.StartsWith('2'))
            {
                return (session, reply);
            }

            session.Dispose();
            return (null, reply);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>One transaction. The reply that decided it.</summary>
    public async Task<string> SendAsync(long number, string recipient)
    {
        InTransaction = true;
        var reply = await SayAsync("MAIL FROM:<load@client.test>");
        if (reply.StartsWith('2')) reply = await SayAsync($"RCPT TO:<{recipient}>");
        if (reply.StartsWith('2')) reply = await SayAsync("DATA");
        if (reply.StartsWith('3'))
        {
            await _stream.WriteAsync(Encoding.Latin1.GetBytes(NumberedMail.Content(number)));
            IsUncertain = true;
            reply = await SayAsync(".");
            IsUncertain = false;
        }
        else if (!reply.StartsWith("421", StringComparison.Ordinal))
        {
            await SayAsync("RSET");
        }

        InTransaction = false;
        return reply;
    }

    public void Dispose()
    {
        _reader.Dispose();
        _stream.Dispose();
    }

    private async Task<string> SayAsync(string line)
    {
        await _stream.WriteAsync(Encoding.Latin1.GetBytes(line + "\r\n"));
        return await ReplyAsync();
    }

    private async Task<string> ReplyAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            while (await _reader.ReadLineAsync(limit.Token) is { } line)
            {
                if (line.Length < 4 || line[3] != '-')
                {
                    return line;
                }
            }
        }
        catch (OperationCanceledException)
        {
            throw new IOException(string.Create(CultureInfo.InvariantCulture, $"No reply in {Patience.TotalSeconds} s"));
        }

        throw new IOException("The relay closed the connection.");
    }
}
