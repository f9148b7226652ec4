using System.Buffers;

namespace MailCluster.Protocol.Content;

/// <summary>Where does the header end, and how many hops does it name?</summary>
public sealed partial class ContentReceiver
{
    private Section _section;
    private bool _hasField;
    private int _matched;
    private int _receivedFields;

    /// <summary>Which part of the message the octets belong to.</summary>
    private enum Section : byte
    {
        /// <summary>In a header field's value; where a line begins, a name or a fold may follow.</summary>
        Header,
        /// <summary>In a header field's name.</summary>
        FieldName,
        /// <summary>In white space between a name and its colon (RFC 5322 section 4.5 knows it as obsolete).</summary>
        Blank,
        /// <summary>After the empty line, or after a line that is no field: content without a header is all body.</summary>
        Body,
    }

    /// <summary>RFC 5322 section 3.6.8: ftext.</summary>
    private static readonly SearchValues<byte> FieldNameText = SearchValues.Create(
        [.. Enumerable.Range('!', '~' - '!' + 1).Where(octet => octet != ':').Select(octet => (byte)octet)]);

    private static ReadOnlySpan<byte> Received => "received"u8;

    /// <summary>
    /// Follows the names of header fields, octet by octet as names may be cut anywhere. Counts Received only as a name: neither in a folded line nor in
    /// the body, where a returned message may carry as many as it likes (RFC 5321 section 6.3).
    /// </summary>
    private ContentFault ReadFieldName(byte octet)
    {
        if (_section == Section.Body)
        {
            return ContentFault.None;
        }

        var lineBegins = _position != Position.Text;
        if (_section == Section.Header)
        {
            if (!lineBegins || (octet is (byte)' ' or (byte)'\t' && _hasField))
            {
                return ContentFault.None;
            }

            _section = Section.FieldName;
            _matched = 0;
        }

        switch (octet)
        {
            case (byte)':' when !lineBegins:
                _section = Section.Header;
                _hasField = true;
                return _matched == Received.Length && ++_receivedFields > Limits.ReceivedFields ? ContentFault.Loop : ContentFault.None;

            case (byte)' ' or (byte)'\t' when !lineBegins:
                _section = Section.Blank;
                return ContentFault.None;

            case > (byte)' ' and < 0x7f and not (byte)':' when _section == Section.FieldName:
                _matched = (uint)_matched < (uint)Received.Length && (octet | 0x20) == Received[_matched] ? _matched + 1 : -1;
                return ContentFault.None;

            default:
                _section = Section.Body;
                return ContentFault.None;
        }
    }

    /// <summary>Passes over the name of a field and its colon at once, where both are in sight and the name is none that counts.</summary>
    private int SkipFieldName(ReadOnlySpan<byte> line)
    {
        var name = line.IndexOfAnyExcept(FieldNameText);
        if (name <= 0 || name >= Limits.LineLength || line[name] != ':' || line[0] == '.' || (name == Received.Length && (line[0] | 0x20) == 'r'))
        {
            return 0;
        }

        _hasField = true;
        _position = Position.Text;
        _lineLength = name + 1;
        return name + 1;
    }
}
