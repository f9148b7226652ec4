using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailCluster.EndToEnd.Tests;

/// <summary>A client that says exactly what it is told, octet by octet.</summary>
internal sealed class SinkDialogue : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 20_000 };
    private readonly StreamReader _reader;

    public SinkDialogue(IPEndPoint address)
    {
        _socket.Connect(address);
        _reader = new(new NetworkStream(_socket), Encoding.Latin1, detectEncodingFromByteOrderMarks: false);
    }

    public void Send(string text) => _socket.Send(Encoding.Latin1.GetBytes(text));

    public void Send(ReadOnlySpan<byte> octets) => _socket.Send(octets);

    /// <summary>One reply, its lines joined by a bar; null where the connection was closed.</summary>
    public string? Reply()
    {
        var lines = new List<string>();
        try
        {
            while (_reader.ReadLine() is { } line)
            {
                lines.Add(line);
                if (line.Length < 4 || line[3] != '-')
                {
                    return string.Join('|', lines);
                }
            }
        }
        catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            // As good as an end.
        }
        return lines.Count == 0 ? null : string.Join('|', lines);
    }

    /// <summary>Sends lines one by one; the code of each reply, or <c>closed</c>.</summary>
    public List<string> Say(params string[] lines)
    {
        var codes = new List<string>();
        foreach (var line in lines)
        {
            Send(line + "\r\n");
            codes.Add(Code());
        }
        return codes;
    }

    /// <summary>The code of the next reply, or <c>closed</c>.</summary>
    public string Code() => Reply() is { } reply ? reply[..Math.Min(3, reply.Length)] : "closed";

    public void Dispose()
    {
        _reader.Dispose();
        _socket.Dispose();
    }
}
