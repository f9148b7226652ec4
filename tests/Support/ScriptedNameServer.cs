using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailCluster.Support;

/// <summary>
/// A name server on loopback, UDP and TCP on one port, that misbehaves by script: the first label of the name asked for says how. <c>servfail</c>, <c>refused</c>, <c>nxdomain</c>, <c>silence</c>,
/// <c>garbage</c>, <c>wrongid</c>, <c>truncated</c> (whole over TCP), <c>tcpsilence</c> (truncated, and silent over TCP), <c>loop</c> (an alias of itself), <c>flaky</c> (silent to the first
/// question for each name and type); else what was added with <see cref="Add"/>, else no data.
/// </summary>
public sealed class ScriptedNameServer : IAsyncDisposable
{
    private readonly UdpClient _udp;
    private readonly TcpListener _tcp;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Name, ushort Type), List<byte[]>> _records = [];
    private readonly Dictionary<(string Name, ushort Type), int> _questions = [];
    private readonly List<Task> _loops;
    private int _underWay;

    public ScriptedNameServer()
    {
        while (true)
        {
            _udp = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
            _tcp = new TcpListener((IPEndPoint)_udp.Client.LocalEndPoint!);
            try
            {
                _tcp.Start();
                break;
            }
            catch (SocketException)
            {
                _udp.Dispose();     // Taken for TCP: another one.
            }
        }

        _loops = [ServeUdpAsync(), ServeTcpAsync()];
    }

    public IPEndPoint Endpoint => (IPEndPoint)_udp.Client.LocalEndPoint!;

    /// <summary>Held until released, so that questions stay open; null answers at once.</summary>
    public TaskCompletionSource? Gate { get; set; }

    /// <summary>The most questions that were open at a time.</summary>
    public int MostAtATime { get; private set; }

    public const ushort A = 1;
    public const ushort Cname = 5;
    public const ushort Mx = 15;
    public const ushort Aaaa = 28;

    public ScriptedNameServer AddMx(string name, int preference, string exchange) => Add(name, Mx, [(byte)(preference >> 8), (byte)preference, .. Name(exchange)]);

    public ScriptedNameServer AddAddress(string name, string address)
    {
        var octets = IPAddress.Parse(address).GetAddressBytes();
        return Add(name, octets.Length == 4 ? A : Aaaa, octets);
    }

    public ScriptedNameServer AddAlias(string name, string target) => Add(name, Cname, Name(target));

    public ScriptedNameServer Add(string name, ushort type, byte[] data)
    {
        lock (_lock)
        {
            if (!_records.TryGetValue((name, type), out var list))
            {
                _records[(name, type)] = list = [];
            }

            list.Add(data);
        }

        return this;
    }

    /// <summary>How often this was asked.</summary>
    public int Questions(string name, ushort type)
    {
        lock (_lock)
        {
            return _questions.GetValueOrDefault((name, type));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Gate?.TrySetResult();
        _udp.Dispose();
        _tcp.Dispose();
        await Task.WhenAll(_loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task ServeUdpAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var packet = await _udp.ReceiveAsync(_stop.Token);
            _ = AnswerAsync();

            async Task AnswerAsync()
            {
                if (await GatedAsync(packet.Buffer, overTcp: false) is { } answer)
                {
                    await _udp.SendAsync(answer, packet.RemoteEndPoint, _stop.Token);
                }
            }
        }
    }

    private async Task ServeTcpAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var client = await _tcp.AcceptTcpClientAsync(_stop.Token);
            _ = ServeAsync();

            async Task ServeAsync()
            {
                using var _ = client;
                var stream = client.GetStream();
                var length = new byte[2];
                while (await stream.ReadAtLeastAsync(length, 2, throwOnEndOfStream: false, _stop.Token) == 2)
                {
                    var question = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
                    await stream.ReadExactlyAsync(question, _stop.Token);
                    if (await GatedAsync(question, overTcp: true) is { } answer)
                    {
                        await stream.WriteAsync((byte[])[(byte)(answer.Length >> 8), (byte)answer.Length, .. answer], _stop.Token);
                    }
                }
            }
        }
    }

    private async Task<byte[]?> GatedAsync(byte[] question, bool overTcp)
    {
        lock (_lock)
        {
            MostAtATime = Math.Max(MostAtATime, ++_underWay);
        }

        if (Gate is { } gate)
        {
            await gate.Task;
        }

        lock (_lock)
        {
            _underWay--;
            return Answer(question, overTcp);
        }
    }

    private byte[]? Answer(byte[] question, bool overTcp)
    {
        var (name, end) = ReadName(question, 12);
        var type = BinaryPrimitives.ReadUInt16BigEndian(question.AsSpan(end));
        var asked = _questions[(name, type)] = _questions.GetValueOrDefault((name, type)) + 1;
        var header = question.AsSpan(0, 12).ToArray();
        var section = question.AsSpan(12, end + 4 - 12).ToArray();
        switch (name.Split('.')[0])
        {
            case "servfail":
                return Build(header, section, 2, [], false);
            case "nxdomain":
                return Build(header, section, 3, [], false);
            case "refused":
                return Build(header, section, 5, [], false);
            case "silence":
            case "tcpsilence" when overTcp:
            case "flaky" when asked == 1:
                return null;
            case "garbage":
                return [.. header[..2], .. Enumerable.Repeat((byte)0xff, 40)];
            case "wrongid":
                header[0] ^= 0x55;
                return Build(header, section, 0, Found(name, type), false);
            case "tcpsilence":
            case "truncated" when !overTcp:
                return Build(header, section, 0, [], true);
            case "loop":
                return Build(header, section, 0, [(name, Cname, Name(name))], false);
            default:
                return Build(header, section, 0, Found(name, type), false);
        }
    }

    private List<(string Owner, ushort Type, byte[] Data)> Found(string name, ushort type)
    {
        var found = new List<(string, ushort, byte[])>();
        if (_records.TryGetValue((name, Cname), out var aliases))
        {
            found.AddRange(aliases.Select(alias => (name, Cname, alias)));
        }

        if (_records.TryGetValue((name, type), out var records))
        {
            found.AddRange(records.Select(record => (name, type, record)));
        }

        return found;
    }

    private static byte[] Build(byte[] header, byte[] section, int code, List<(string Owner, ushort Type, byte[] Data)> records, bool truncated)
    {
        var answer = new List<byte> { header[0], header[1], (byte)(0x81 | (truncated ? 2 : 0)), (byte)(0x80 | code), 0, 1, 0, (byte)records.Count, 0, 0, 0, 0 };
        answer.AddRange(section);
        foreach (var (owner, type, data) in records)
        {
            answer.AddRange([.. Name(owner), (byte)(type >> 8), (byte)type, 0, 1, 0, 0, 1, 0x2c, (byte)(data.Length >> 8), (byte)data.Length, .. data]);     // IN, 300 s
        }

        return [.. answer];
    }

    private static byte[] Name(string name) => [.. name.Split('.', StringSplitOptions.RemoveEmptyEntries).SelectMany(label => (byte[])[(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]), 0];

    private static (string Name, int End) ReadName(byte[] packet, int at)
    {
        var labels = new List<string>();
        while (packet[at] != 0)
        {
            labels.Add(Encoding.ASCII.GetString(packet, at + 1, packet[at]));
            at += packet[at] + 1;
        }

        return (string.Join('.', labels).ToLowerInvariant(), at + 1);
    }
}
