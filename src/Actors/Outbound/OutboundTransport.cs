using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using MailCluster.Protocol.Replies;

namespace MailCluster.Actors.Outbound;

/// <summary>One connected socket, in clear text or under TLS: gathered sends, and one receive at a time whose end is signalled, so that the loop can wait for it and for jobs alike.</summary>
internal sealed class OutboundTransport(Socket socket, Action onReceived) : IDisposable
{
    private const int ReceiveSize = 4096;

    private readonly GatherSend _gather = new();
    private readonly List<ArraySegment<byte>> _pieces = [];
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(ReceiveSize);
    private SslStream? _tls;
    private int _start;
    private int _end;
    private ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _receive;
    private bool _isReceiving;
    private volatile bool _isReceived;
    private Action? _onReceived;

    /// <summary>The peer's address.</summary>
    public IPEndPoint Peer { get; } = (IPEndPoint)socket.RemoteEndPoint!;

    /// <summary>Protocol and cipher; null in clear text.</summary>
    public string? Tls => _tls is null ? null : $"{_tls.SslProtocol} {_tls.NegotiatedCipherSuite}";

    /// <summary>What came and was not consumed.</summary>
    public ReadOnlySpan<byte> Received => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Drops octets at the front of <see cref="Received"/>.</summary>
    public void Consume(int octets)
    {
        _start += octets;
        if (_start == _end)
        {
            _start = _end = 0;
        }
    }

    /// <summary>Starts to receive unless a receive runs. True where octets, or the end, are there already; else the end is signalled.</summary>
    [SuppressMessage("Reliability", "CA2012", Justification = "The awaiter is kept until its one GetResult in TryEndReceive.")]
    public bool BeginReceive()
    {
        if (!_isReceiving)
        {
            MakeRoom();
            var room = _buffer.AsMemory(_end);
            _isReceiving = true;
            _isReceived = false;
            _receive = (_tls is null ? socket.ReceiveAsync(room, SocketFlags.None) : _tls.ReadAsync(room)).ConfigureAwait(false).GetAwaiter();
            if (_receive.IsCompleted)
            {
                _isReceived = true;
            }
            else
            {
                // The flag, not IsCompleted, says that it may be collected: a pooled source must not be read while its completion still runs.
                _receive.UnsafeOnCompleted(_onReceived ??= OnReceived);
            }
        }
        return _isReceived;
    }

    /// <summary>Collects what a receive brought. False where it still runs, or none does. 0 octets are the end.</summary>
    public bool TryEndReceive(out int octets)
    {
        octets = 0;
        if (!_isReceiving || !_isReceived)
        {
            return false;
        }
        _isReceiving = false;
        try
        {
            octets = _receive.GetResult();
        }
        catch (Exception broken) when (broken is SocketException or IOException or ObjectDisposedException)
        {
            octets = 0;
        }
        _end += octets;
        return true;
    }

    /// <summary>Sends head, content and tail, with one system call where the kernel takes it.</summary>
    /// <exception cref="IOException">The connection is broken (or <see cref="SocketException"/>, <see cref="ObjectDisposedException"/>).</exception>
    public ValueTask SendAsync(ReadOnlyMemory<byte> head, in ReadOnlySequence<byte> content, ReadOnlyMemory<byte> tail)
    {
        if (_tls is not null)
        {
            return SendEncryptedAsync(head, content, tail);
        }
        _pieces.Clear();
        if (!TryAdd(head) || !TryAdd(content) || !TryAdd(tail))
        {
            _pieces.Clear();
            _pieces.Add(new(Concatenate(head, content, tail)));
        }
        return _gather.SendAsync(socket, _pieces);
    }

    /// <summary>Sends octets.</summary>
    public ValueTask SendAsync(ReadOnlyMemory<byte> octets) => SendAsync(octets, default, default);

    /// <summary>Becomes TLS's client. The certificate is not verified: encryption without proof of identity is still better than none, which would be the alternative (RFC 7435).</summary>
    [SuppressMessage("Security", "CA5359", Justification = "Opportunistic TLS, see the summary.")]
    public async Task EncryptAsync(string host, CancellationToken cancellation)
    {
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: false), leaveInnerStreamOpen: false);
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    // No SNI for addresses (RFC 6066 section 3).
                    TargetHost = IPAddress.TryParse(host, out _) ? "" : host,
                    RemoteCertificateValidationCallback = static (_, _, _, _) => true,
                },
                cancellation).ConfigureAwait(false);
            _tls = tls;
        }
        catch
        {
            await tls.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Closes the socket under whatever runs on it. May be called from any thread.</summary>
    public void Abort() => socket.Dispose();

    /// <inheritdoc/>
    public void Dispose()
    {
        socket.Dispose();
        _tls?.Dispose();
        _gather.Dispose();
        // A receive that has not come back may still write into the buffer: then it is left to the collector.
        if (!_isReceiving || _isReceived)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }
        _buffer = [];
        _start = _end = 0;
    }

    private void OnReceived()
    {
        _isReceived = true;
        onReceived();
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            Received.CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }
        if (_end == _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Min(_buffer.Length * 2, ReplyParser.MaxOctets * 2));
            _buffer.AsSpan(0, _end).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
    }

    private async ValueTask SendEncryptedAsync(ReadOnlyMemory<byte> head, ReadOnlySequence<byte> content, ReadOnlyMemory<byte> tail)
    {
        // One write is one record or a few full ones; small pieces would become small records.
        const int block = 32 << 10;
        using var buffer = new PooledBuffer(block + 4096);
        buffer.Write(head.Span);
        while (content.Length > 0)
        {
            var part = content.Slice(0, Math.Min(content.Length, block));
            foreach (var piece in part)
            {
                buffer.Write(piece.Span);
            }
            content = content.Slice(part.Length);
            if (content.Length > 0)
            {
                await _tls!.WriteAsync(buffer.Written).ConfigureAwait(false);
                buffer.Clear();
            }
        }
        buffer.Write(tail.Span);
        await _tls!.WriteAsync(buffer.Written).ConfigureAwait(false);
    }

    private bool TryAdd(in ReadOnlySequence<byte> content)
    {
        foreach (var piece in content)
        {
            if (!TryAdd(piece))
            {
                return false;
            }
        }
        return true;
    }

    private bool TryAdd(ReadOnlyMemory<byte> piece)
    {
        if (piece.IsEmpty)
        {
            return true;
        }
        if (!MemoryMarshal.TryGetArray(piece, out var array))
        {
            return false;
        }
        _pieces.Add(array);
        return true;
    }

    private static byte[] Concatenate(ReadOnlyMemory<byte> head, in ReadOnlySequence<byte> content, ReadOnlyMemory<byte> tail)
    {
        var whole = new byte[head.Length + content.Length + tail.Length];
        head.Span.CopyTo(whole);
        content.CopyTo(whole.AsSpan(head.Length));
        tail.Span.CopyTo(whole.AsSpan(whole.Length - tail.Length));
        return whole;
    }
}
