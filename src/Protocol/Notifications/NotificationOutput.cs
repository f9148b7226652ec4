using System.Buffers;
using System.Text;
using MailCluster.Protocol.Content;

namespace MailCluster.Protocol.Notifications;

/// <summary>Passes a report on as it is made and notes what it is like.</summary>
internal sealed class NotificationOutput(IBufferWriter<byte> output) : IBufferWriter<byte>
{
    private bool _atLineStart = true;
    private Memory<byte> _given;

    /// <summary>What the octets so far are like. What is over 127 counts for the body until <see cref="EndHeader"/> says otherwise.</summary>
    public ContentTraits Traits { get; private set; }

    /// <summary>What was 8-bit so far was the header.</summary>
    public void EndHeader() => Traits = Traits.HasFlag(ContentTraits.EightBitBody) ? Traits & ~ContentTraits.EightBitBody | ContentTraits.EightBitHeader : Traits;

    public void Write(string text) => Encoding.UTF8.GetBytes(text, this);

    public Memory<byte> GetMemory(int sizeHint = 0) => _given = output.GetMemory(sizeHint);

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public void Advance(int count)
    {
        if (count == 0)
        {
            return;
        }
        var written = _given.Span[..count];
        if (_atLineStart && written[0] == '.' || written.IndexOf("\n."u8) >= 0)
        {
            Traits |= ContentTraits.HasLeadingDot;
        }
        if (written.ContainsAnyExceptInRange((byte)0, (byte)0x7f))
        {
            Traits |= ContentTraits.EightBitBody;
        }
        _atLineStart = written[^1] == '\n';
        _given = _given[count..];
        output.Advance(count);
    }
}
