using System.Text;

namespace Presence.Tests.Fuzzing.Reference;

/// <summary>
/// The protobuf messages of a client, read by the rules of the encoding alone: slower than Google.Protobuf, which the server uses, and
/// with none of its code.
/// </summary>
internal static class ReferenceProtobuf
{
    // The depth up to which Google.Protobuf goes.
    private const int MaxDepth = 100;

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>
    /// An envelope in a few words, as <see cref="Describe.Request"/> has them. Null: the rules leave it open, since readers differ on
    /// such bytes.
    /// </summary>
    public static string? Envelope(ReadOnlySpan<byte> message)
    {
        try
        {
            var reader = new Reader(message);
            var envelope = ReadEnvelope(ref reader);
            return reader.IsOpen ? null : envelope;
        }
        catch (FormatException)
        {
            return "Malformed";
        }
        catch (UnclearException)
        {
            return null;
        }
    }

    private static string ReadEnvelope(ref Reader reader)
    {
        var (cid, member) = ("", 0);
        var (hasCid, isBroken) = (true, false);
        var token = "";
        var (status, ids, names) = ((string?)null, new List<string>(), new List<string>());
        while (reader.Next(out var number, out var type))
        {
            if (number == 1 && type == 2)
            {
                cid = reader.Text();
                hasCid = !reader.TakeBadText();
                isBroken |= !hasCid;
            }
            else if (number is (>= 2 and <= 51) or 1001 && type == 2)
            {
                // The same member again is merged with what is there; another one takes its place.
                if (member != number)
                    (token, status, ids, names) = ("", null, [], []);
                member = number;
                var part = reader.Part();
                switch (number)
                {
                    case 29:
                        while (part.Next(out var field, out var kind))
                        {
                            if (field == 1 && kind == 2)
                                status = ReadWrapped(part.Part(), status, ref part);
                            else
                                part.Skip(field, kind);
                        }

                        break;
                    case 1001:
                        while (part.Next(out var field, out var kind))
                        {
                            if (field == 1 && kind == 2)
                                token = part.Text();
                            else
                                part.Skip(field, kind);
                        }

                        break;
                    case 26 or 28:
                        while (part.Next(out var field, out var kind))
                        {
                            if (field == 1 && kind == 2)
                                ids.Add(part.Text());
                            else if (field == 2 && kind == 2 && number == 26)
                                names.Add(part.Text());
                            else
                                part.Skip(field, kind);
                        }

                        break;
                    case 11 or 23 or 25 or 27:
                        // Of what only servers send it does not matter what is in it, and readers may or may not look.
                        part.IsOpen = true;
                        break;
                    default:
                        while (part.Next(out var field, out var kind))
                            part.Skip(field, kind);
                        break;
                }

                reader.IsOpen |= part.IsOpen;
                isBroken |= part.TakeBadText();
            }
            else
            {
                reader.Skip(number, type);
            }
        }

        var said = cid.Length == 0 || !hasCid ? "null" : $"'{cid}'";
        if (isBroken)
            return $"Broken {said}";
        return member switch
        {
            29 => $"UpdateStatus {said} {(status is null ? "null" : $"'{status}'")}",
            26 => $"Follow {said} {Texts(ids)} {Texts(names)}",
            28 => $"Unfollow {said} {Texts(ids)}",
            1001 => $"RefreshSession {said} '{token}'",
            32 => $"Ping {said}",
            33 => $"Ignored {said}",
            _ => $"Refused {said}",
        };
    }

    private static string ReadWrapped(Reader wrapper, string? before, ref Reader outer)
    {
        var text = before ?? "";
        // Of a text that comes again and is empty, readers keep the first or take the second.
        outer.IsOpen |= before is not null;
        while (wrapper.Next(out var field, out var kind))
        {
            if (field == 1 && kind == 2)
                text = wrapper.Text();
            else
                wrapper.Skip(field, kind);
        }

        outer.IsOpen |= wrapper.IsOpen;
        outer.HasBadText |= wrapper.HasBadText;
        return text;
    }

    private static string Texts(List<string> texts) => $"[{string.Join(",", texts.Select(t => $"'{t}'"))}]";

    /// <summary>Readers differ on what comes: they look at the lowest 32 bits of a length, or at all of it.</summary>
    private sealed class UnclearException : Exception;

    private ref struct Reader(ReadOnlySpan<byte> bytes, int depth = 0)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        /// <summary>Whether there was something on which readers differ.</summary>
        public bool IsOpen { get; set; }

        public bool Next(out int number, out int type)
        {
            (number, type) = (0, 0);
            if (_rest.IsEmpty)
                return false;
            var tag = Varint();
            // A tag has 32 bits; what readers do with more is not said.
            IsOpen |= tag > uint.MaxValue;
            number = (int)((uint)tag >> 3);
            type = (int)(tag & 7);
            return number != 0 ? true : throw new FormatException("There is no field 0.");
        }

        /// <summary>Whether a text was no UTF-8.</summary>
        public bool HasBadText { get; set; }

        public bool TakeBadText()
        {
            var has = HasBadText;
            HasBadText = false;
            return has;
        }

        public string Text()
        {
            var bytes = Bytes();
            try
            {
                return Strict.GetString(bytes);
            }
            catch (DecoderFallbackException)
            {
                HasBadText = true;
                return "";
            }
        }

        public Reader Part() => depth + 1 < MaxDepth ? new(Bytes(), depth + 1) : throw new FormatException("It is nested too deep.");

        public void Skip(int number, int type)
        {
            switch (type)
            {
                case 0:
                    Varint();
                    break;
                case 1:
                    Take(8);
                    break;
                case 2:
                    Bytes();
                    break;
                case 3:
                    SkipGroup(number, depth + 1);
                    break;
                case 5:
                    Take(4);
                    break;
                // Nobody knows where a field of these types ends. Google.Protobuf skips the tag alone of a 7.
                case 6 or 7:
                    throw new UnclearException();
                default:
                    throw new FormatException("A group ends that has not begun.");
            }
        }

        private void SkipGroup(int number, int level)
        {
            // How deep readers go is theirs to choose.
            if (level >= MaxDepth - 2)
                IsOpen = true;
            while (Next(out var field, out var type))
            {
                if (type == 4)
                {
                    if (field != number)
                        throw new FormatException("Another group ends than has begun.");
                    return;
                }

                if (type == 3)
                    SkipGroup(field, level + 1);
                else
                    Skip(field, type);
            }

            throw new FormatException("A group does not end.");
        }

        private ReadOnlySpan<byte> Bytes()
        {
            var length = Varint();
            if (length > int.MaxValue)
                throw new UnclearException();
            return length <= (ulong)_rest.Length ? Take((int)length) : throw new FormatException("It is cut short.");
        }

        private ReadOnlySpan<byte> Take(int count)
        {
            if (count > _rest.Length)
                throw new FormatException("It is cut short.");
            var taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }

        private ulong Varint()
        {
            var value = 0UL;
            for (var i = 0; i < 10; i++)
            {
                var next = Take(1)[0];
                value |= (ulong)(next & 0x7f) << (7 * i);
                if (next < 0x80)
                    return value;
            }

            throw new FormatException("A number is too long.");
        }
    }
}
