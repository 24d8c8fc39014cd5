import jakarta.xml.ws.BindingProvider;
import jakarta.xml.ws.WebServiceException;
import jakarta.xml.ws.soap.SOAPBinding;
import java.math.BigDecimal;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import javax.xml.datatype.DatatypeFactory;
import org.apache.cxf.binding.soap.SoapFault;
import shop.Orders;
import shop.OrdersOrderMissing;
import shop.Orders_Service;
import shop.json.Value;
import shop.orders.Circle;
import shop.orders.Color;
import shop.orders.Everything;
import shop.orders.Money;
import shop.orders.Node;
import shop.orders.Shape;
import shop.partner.Partner;

/** Calls the SOAP test application by classes that Apache CXF generated from its WSDL. */
public final class Main {
  private static int checks = 0;

  private static void equal(java.lang.Object actual, java.lang.Object expected, String what) {
    checks++;
    if (!Objects.deepEquals(actual, expected)) {
      throw new AssertionError(what + ": expected " + expected + ", got " + actual);
    }
  }

  public static void main(String[] arguments) throws Exception {
    Orders_Service service =
        new Orders_Service(URI.create(arguments[0] + "/soap/orders?wsdl").toURL());
    call(service.getOrdersSoap11(), "Client", false);
    call(service.getOrdersSoap12(), "Sender", false);
    call(service.getOrdersSoap11(), "Client", true);
    call(service.getOrdersSoap12(), "Sender", true);
    System.out.println("Apache CXF: " + checks + " checks passed");
  }

  private static void call(Orders orders, String side, boolean attachments) throws Exception {
    // SOAP 1.2 answers 400 for a fault of the sender; CXF reads such a fault only when it is told to.
    ((BindingProvider) orders)
        .getRequestContext()
        .put("org.apache.cxf.transport.process_fault_on_http_400", true);
    SOAPBinding binding = (SOAPBinding) ((BindingProvider) orders).getBinding();
    binding.setMTOMEnabled(attachments);

    equal(orders.sum(List.of(1.0, 2.5)).getTotal(), 3.5, "sum");
    List<Money> list = orders.list();
    equal(list.get(0).getAmount(), new BigDecimal("1.00"), "decimal");
    equal(list.size(), 2, "list");
    equal(orders.find("none", null), null, "nil");
    equal(orders.find("known", 7L), "found", "optional");
    orders.remove("known");
    orders.notify("hello");

    try {
      orders.find("x", null);
      throw new AssertionError("no fault");
    } catch (OrdersOrderMissing fault) {
      equal(fault.getMessage(), "No order <x>.", "message");
      equal(fault.getFaultInfo().getId(), "x", "typed detail");
      equal(fault.getFaultInfo().getNear(), List.of("a", "b"), "list in the detail");
    }
    try {
      orders.sum(List.of());
      throw new AssertionError("invalid input was taken");
    } catch (WebServiceException error) {
      SoapFault fault = (SoapFault) error.getCause();
      equal(fault.getFaultCode().getLocalPart(), side, "code");
    }

    Everything value = everything(attachments ? 5000 : 4);
    Everything back = orders.echo(value);
    equal(back.getText(), value.getText(), "text");
    equal(back.getSerial(), Long.MIN_VALUE, "64 bits");
    equal(back.getPrice().getAmount(), value.getPrice().getAmount(), "every digit");
    equal(back.getDay(), value.getDay(), "date");
    equal(back.getAt().toGregorianCalendar(), value.getAt().toGregorianCalendar(), "date and time");
    equal(back.getLasting(), value.getLasting(), "duration");
    equal(back.getColor(), Color.LIGHT_BLUE, "enumeration");
    equal(back.getData(), value.getData(), "bytes");
    equal(back.getTags(), value.getTags(), "repeated");
    equal(back.getMatrix().get(1).getItem(), List.of(3L), "list of lists");
    equal(back.getAliases(), null, "absent list");
    equal(back.getNote(), null, "nil member");
    equal(back.getShape().getCircle().getRadius(), 1.5, "choice");
    equal(back.getKey().getInteger(), 7L, "choice of scalars");
    equal(back.getLabels().getEntry().get(0).getValue(), "1", "map");
    equal(back.getExtra().getString(), "json", "arbitrary JSON");
    equal(back.getTree().getChildren().get(0).getName(), "leaf", "recursive type");
    equal(back.getPartner().getTerms().getCurrency(), "EUR", "other namespace");
    equal(back.getOther(), "yes", "element of another namespace");
    equal(back.getId(), "A-1", "attribute");
    equal(back.getGrade(), 3L, "named attribute");
  }

  private static Everything everything(int byteCount) throws Exception {
    DatatypeFactory factory = DatatypeFactory.newInstance();
    Everything value = new Everything();
    value.setId("A-1");
    value.setGrade(3L);
    value.setText(" \u00e4\u20ac\ud83d\ude00\r\n\t<&>\"' ]]> ");
    value.setFlag(true);
    value.setSmall(Integer.MIN_VALUE);
    value.setCount(9007199254740991L);
    value.setSerial(Long.MIN_VALUE);
    value.setRatio(1e-7);
    value.setPrice(money("12345678901234567890.10", "CHF"));
    value.setDay(factory.newXMLGregorianCalendar("2026-02-28"));
    value.setAt(factory.newXMLGregorianCalendar("2026-01-31T12:00:00.123+01:00"));
    value.setLasting(factory.newDuration("P1DT12H"));
    value.setColor(Color.LIGHT_BLUE);
    value.setLevel(2);
    byte[] bytes = new byte[byteCount];
    Arrays.fill(bytes, (byte) -2);
    value.setData(bytes);
    value.getTags().addAll(List.of("one", "", "three"));
    for (List<Long> row : List.of(List.of(1L, 2L), List.of(3L))) {
      Everything.Matrix matrix = new Everything.Matrix();
      matrix.getItem().addAll(row);
      value.getMatrix().add(matrix);
    }
    Circle circle = new Circle();
    circle.setKind("circle");
    circle.setRadius(1.5);
    value.setShape(new Shape());
    value.getShape().setCircle(circle);
    value.setKey(new Everything.Key());
    value.getKey().setInteger(7L);
    Everything.Labels.Entry entry = new Everything.Labels.Entry();
    entry.setKey("x y");
    entry.setValue("1");
    value.setLabels(new Everything.Labels());
    value.getLabels().getEntry().add(entry);
    value.setExtra(new Value());
    value.getExtra().setString("json");
    Node leaf = new Node();
    leaf.setName("leaf");
    value.setTree(new Node());
    value.getTree().setName("root");
    value.getTree().getChildren().add(leaf);
    value.setFirstX0020Name("Ada");
    value.setPartner(new Partner());
    value.getPartner().setName("ACME");
    value.getPartner().setTerms(money("-0.50", "EUR"));
    value.setOther("yes");
    return value;
  }

  private static Money money(String amount, String currency) {
    Money money = new Money();
    money.setAmount(new BigDecimal(amount));
    money.setCurrency(currency);
    return money;
  }
}
