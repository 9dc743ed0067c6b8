/** What is said about badges, cards and their receipts; part of the catalogue. */
export const esCLBadges = {
  'badge.pin-shape': 'El número de la persona en las puertas no tiene la forma correcta.',
  'badge.card-shape': 'El número de la tarjeta no tiene la forma correcta: son solo dígitos.',
  'badge.receipt-text':
    'Recibí la tarjeta de acceso al centro de datos que aquí se indica. Es personal: no la presto, no la copio y no dejo entrar a nadie con ella. Si la pierdo, o si sé de una copia, lo informo de inmediato. La devuelvo cuando termina mi acceso. Sé que cada paso por las puertas queda registrado.',
  'badge.not-accepted': 'Para que la tarjeta abra hay que aceptar el texto del recibo.',
  'badge.key-holders-full':
    'Ya tienen acceso permanente al centro de datos todas las personas que la institución admite: primero debe terminar el de otra. La línea sigue esperando la aprobación.',
  'badge.no-account': 'La persona no tiene un acceso aprobado al centro de datos.',
  'badge.no-access': 'El acceso de la persona al centro de datos ya terminó.',
  'badge.has-card': 'La persona ya tiene una tarjeta: primero hay que registrar su devolución o su pérdida.',
  'badge.no-card': 'La persona no tiene ninguna tarjeta.',
  'badge.card-taken': 'Esa tarjeta la tiene otra persona.',
  'badge.card-gone': 'Esa tarjeta figura como perdida o destruida: no se puede volver a entregar.',
  'badge.other-card':
    'Esos dígitos no son los de la tarjeta que se le entregó. Revíselos, o consulte a Informática.',
  'badge.too-many-tries':
    'Se indicaron varias veces otros dígitos: Informática debe registrar de nuevo la entrega de la tarjeta.',
  'badge.oneself': 'Nadie se entrega ni se recibe a sí mismo una tarjeta.',
  'badge.comment-missing': 'Si la tarjeta no se devolvió hay que indicar por qué.',
  'badge.not-adopted':
    'El acceso al centro de datos no se adopta: lo pide la unidad y lo aprueba la autoridad.',
  'task.card-handover':
    'Entregue una tarjeta del centro de datos a la persona (número {name} en las puertas) y registre la entrega. La tarjeta abre cuando ella firme el recibo.',
  'task.card-return':
    'Pida a la persona (número {name} en las puertas) la tarjeta del centro de datos y registre la devolución: su acceso terminó.',
  'task.of-card':
    'Esta tarea se cierra al registrar la entrega, la devolución o la pérdida de la tarjeta de la persona.',
  'notice.card-receipt-subject': 'Confirme que recibió su tarjeta del centro de datos.',
  'notice.card-receipt':
    'Informática registró que le entregó una tarjeta del centro de datos. No abre todavía: confirme en la página de Llavero que la tiene, con los últimos dígitos que lleva impresos. Si no la recibió, avise a Informática.',
  'notice.card-lost-subject': 'Tarjeta del centro de datos bloqueada por pérdida.',
  'notice.card-lost':
    'Se informó que la tarjeta del centro de datos de {person} se perdió o no se devolvió. Quedó bloqueada en el acto, y nadie puede volver a recibirla. Si alguien la usa, habrá una alarma.',
  'notice.card-copied-subject': 'Copia no autorizada de una tarjeta del centro de datos.',
  'notice.card-copied':
    'Se informó de una copia no autorizada de la tarjeta del centro de datos de {person}. La tarjeta, si la tenía, quedó bloqueada en el acto junto con sus copias. Revise los movimientos de las puertas.',
} as const
